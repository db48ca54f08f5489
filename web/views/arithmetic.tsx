/** @file One ISTA step with real numbers: what becomes of the entries of the followed token. */

import { istaArithmetic } from "../../src/graph/index.ts";
import { view } from "../address.ts";
import type { LayerSeen } from "../seen.ts";
import type { Session } from "../session.ts";
import { signed } from "./letters.tsx";
import { chosenName, tokenOf } from "./taken.tsx";

/** Entries that are written out: the largest that stay, and those that were nearest to staying. */
const [STAY, FALL] = [6, 4] as const;

interface Props {
  session: Session;
  seen: LayerSeen;
  /** From 0. */
  l: number;
}

export function Arithmetic({ session, seen: { half, output }, l }: Props) {
  const [, n, d] = half.dims as [number, number, number];
  const token = tokenOf(session, n);
  const graph = session.current.value;
  const found =
    graph && istaArithmetic(graph, session.layers[l]!.output, half.data.subarray(token * d, (token + 1) * d));
  if (found === undefined)
    return <p class="note">This layer ends in no ISTA step that could be written out.</p>;
  const { z, step, threshold } = found;
  const rows = Array.from({ length: d }, (_, i) => ({
    i,
    before: z[i]! + step[i]! - threshold,
    after: output.data[token * d + i]!,
  }));
  const kept = rows.filter(({ before }) => before > 0).sort((a, b) => b.before - a.before);
  const fallen = rows.filter(({ before }) => before <= 0).sort((a, b) => b.before - a.before);
  const shown = [...kept.slice(0, STAY), ...fallen.slice(0, FALL)];
  const { eta, lambda } = session.ista.value!;
  const largest = shown.reduce((most, { i }) => Math.max(most, Math.abs(z[i]!)), 1e-9);
  return (
    <div class="arithmetic">
      <p>
        <span class="math">
          z⁺ = ReLU(z + <i>η</i> <i>D</i>ᵀ(z − <i>D</i>z) − <i>ηλ</i>)
        </span>
        , z = LN(Z<sup>{l + 1}+½</sup>), for the {chosenName(session)}: <i>η</i> ={" "}
        {Number(eta.toPrecision(3))}, <i>ηλ</i> = {Number((eta * lambda).toPrecision(3))}. Of {d} entries{" "}
        {kept.length} stay.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={`ISTA step of layer ${l + 1}`}>
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">entry</th>
              <th scope="col">z</th>
              <td />
              <th scope="col">gradient step</th>
              <th scope="col">threshold</th>
              <th scope="col">sum</th>
              <th scope="col">z⁺ = ReLU</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ i, before, after }) => (
              <tr key={i} class={before > 0 ? "" : "fallen"}>
                <th scope="row">{i + 1}</th>
                <td>{signed(z[i]!, 3)}</td>
                <td class="bar">
                  <span class="fill" style={{ width: `${(100 * Math.abs(z[i]!)) / largest}%` }} />
                </td>
                <td>{signed(step[i]!, 3)}</td>
                <td>{signed(-threshold, 3)}</td>
                <td>{signed(before, 3)}</td>
                <td>
                  <strong>{after === 0 ? "0" : after.toFixed(3)}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="note">
        The {Math.min(STAY, kept.length)} largest entries that stay, and the {Math.min(FALL, fallen.length)}{" "}
        that the threshold cuts off most narrowly
        {view.value.patch === 0 ? "; choose a patch to follow it instead" : ""}.
      </p>
    </div>
  );
}

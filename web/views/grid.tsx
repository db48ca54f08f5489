/** @file A grid of heads and layers: Δp when each is removed alone. */

import { colourMaps } from "../../src/chart/index.ts";
import type { AblationGrid } from "../ablation.ts";
import { addressOf, view } from "../address.ts";
import type { Session } from "../session.ts";
import { signed } from "./letters.tsx";
import { onColour } from "./on-colour.ts";

interface Props {
  session: Session;
  ablations: AblationGrid;
  l: number;
  k: number;
}

export function Grid({ session, ablations, l, k }: Props) {
  const found = ablations.grid.value;
  const seconds = ablations.waits.value;
  const heads = Array.from({ length: session.heads }, (_, i) => i);
  if (seconds !== undefined)
    return (
      <p class="note">
        Removing each head once takes about {seconds.toFixed(0)} s here.{" "}
        <button type="button" onClick={() => void ablations.compute()}>
          Compute Δp
        </button>
      </p>
    );
  if (found === undefined) return <p class="note">Removing each head once …</p>;
  const name = session.facts.classes[found.label] ?? found.label;
  const largest = Math.max(0.02, ...found.change.flat().map((x) => Math.abs(x ?? 0)));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Change of p by head and layer">
      <table class="ablations">
        <caption>
          Δ<i>p</i>({name}) when one head alone is removed
        </caption>
        <thead>
          <tr>
            <td />
            {heads.map((i) => (
              <th key={i} scope="col">
                head {i + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.change.map((row, i) => (
            <tr key={i}>
              <th scope="row">layer {i + 1}</th>
              {row.map((change, j) => (
                <td
                  key={j}
                  class={i + 1 === l && j + 1 === k ? "current" : ""}
                  style={colours(change, largest)}
                >
                  <a href={addressOf({ ...view.value, l: i + 1, k: j + 1 })}>{signed(change ?? 0, 3)}</a>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Red where p falls, blue where it rises; the numbers stay readable on both. */
function colours(change = 0, largest: number) {
  const rgb = colourMaps.diverging(0.5 - (0.42 * change) / largest);
  return onColour(rgb);
}

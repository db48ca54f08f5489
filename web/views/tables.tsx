/** @file The numbers behind the pictures. */

import type { Seen } from "../seen.ts";
import type { Session } from "../session.ts";
import { largestOf, weightsOf } from "./layer-row.tsx";
import { percent, Rc } from "./letters.tsx";
import { chosenName } from "./taken.tsx";

const spread = (band: { mean: number; std: number } | undefined, scale = 1): string =>
  band === undefined ? "–" : `${(scale * band.mean).toFixed(1)} ± ${(scale * band.std).toFixed(1)}`;

export function LayerTable({ session, seen }: { session: Session; seen: Seen }) {
  const { bands } = session.facts;
  const heads = Array.from({ length: session.heads }, (_, k) => k);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={`Numbers of each layer, ${session.facts.name}`}>
      <table class="numbers">
        <caption>Each layer; largest attention weight of the {chosenName(session)} by head</caption>
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">
              <Rc />, nats
            </th>
            <th scope="col">test images</th>
            <th scope="col">non-zeros, %</th>
            <th scope="col">test images</th>
            {heads.map((k) => (
              <th key={k} scope="col">
                head {k + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {seen.layers.map(({ rate, nonZero, attention }, l) => (
            <tr key={l}>
              <th scope="row">{l + 1}</th>
              <td>{rate?.toFixed(2) ?? "–"}</td>
              <td>{spread(bands?.layers[l]?.authorsRate)}</td>
              <td>{(100 * nonZero).toFixed(1)}</td>
              <td>{spread(bands?.layers[l]?.nonZero, 100)}</td>
              {heads.map((k) => (
                <td key={k}>{percent(largestOf(weightsOf(session, attention, k)))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A number for each patch, as they lie. */
export function PatchTable({
  values,
  columns,
  caption,
}: {
  values: ArrayLike<number>;
  columns: number;
  caption: string;
}) {
  const rows = Math.ceil(values.length / columns);
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table class="numbers">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">row</th>
            {numbers(columns).map((c) => (
              <th key={c} scope="col">
                {c + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {numbers(rows).map((r) => (
            <tr key={r}>
              <th scope="row">{r + 1}</th>
              {numbers(columns).map((c) => (
                <td key={c}>{(100 * values[r * columns + c]!).toFixed(1)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

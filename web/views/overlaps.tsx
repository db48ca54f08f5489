/** @file How far the spans of heads overlap, beside what random ones would. */

import { useState } from "preact/hooks";
import { colourMaps } from "../../src/chart/index.ts";
import { go, view } from "../address.ts";
import { RowsTable } from "../methods/rows-table.tsx";
import { onColour } from "./on-colour.ts";
import type { Measured } from "./spaces.tsx";

/** Root of the mean squared cosine. */
const overlap = (cosines: readonly number[]): number =>
  Math.sqrt(cosines.reduce((sum, c) => sum + c * c, 0) / Math.max(1, cosines.length));

const degrees = (cosine: number): string => `${((Math.acos(cosine) * 180) / Math.PI).toFixed(0)}°`;

export function Overlaps({ cosines, p, d, k, l }: Measured & { k: number; l: number }) {
  const [other, choose] = useState<number | undefined>(undefined);
  const K = cosines.length;
  const level = Math.sqrt(p / d);
  const j = other !== undefined && other < K && other !== k - 1 ? other : k === 1 ? Math.min(1, K - 1) : 0;
  const pair = cosines[k - 1]![j]!;
  const all = cosines.flatMap((row, a) => row.flatMap((each, b) => (a < b ? [overlap(each)] : [])));
  const mean = all.reduce((a, b) => a + b, 0) / Math.max(1, all.length);
  return (
    <section aria-label="Overlap of heads">
      <h3>How far do the heads of layer {l} overlap?</h3>
      <p class="note">
        Root mean square of the cosines of the principal angles: 0 orthogonal, 1 the same span. Random spans
        of {p} in {d} dimensions have √(p/d) = {level.toFixed(2)}.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Overlap of each pair">
        <table class="ablations overlaps">
          <thead>
            <tr>
              <td />
              {cosines.map((_, b) => (
                <th key={b} scope="col">
                  {b + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cosines.map((row, a) => (
              <tr key={a}>
                <th scope="row">head {a + 1}</th>
                {row.map((each, b) => (
                  <td
                    key={b}
                    class={a === k - 1 && b === j ? "current" : ""}
                    style={a === b ? {} : colours(overlap(each))}
                  >
                    {a === b ? (
                      <span class="note">–</span>
                    ) : (
                      <button
                        type="button"
                        class="cell"
                        aria-label={`Heads ${a + 1} and ${b + 1}: ${overlap(each).toFixed(2)}`}
                        onClick={() => {
                          go({ k: a + 1 });
                          choose(b);
                        }}
                      >
                        {overlap(each).toFixed(2)}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {K > 1 && (
        <p class="finding">
          On average {mean.toFixed(2)}, {compared(mean, level)}. Between heads {k} and {j + 1} the angles go
          from {degrees(pair[0]!)} to {degrees(pair.at(-1)!)}.
        </p>
      )}
      {view.value.table && (
        <RowsTable
          caption={`Principal angles between heads ${k} and ${j + 1}`}
          columns={["number", "cosine", "angle"]}
          rows={pair.map((cosine, i) => [i + 1, cosine.toFixed(3), degrees(cosine)])}
        />
      )}
    </section>
  );
}

const compared = (mean: number, level: number): string =>
  mean < 0.9 * level
    ? "less than random spans: the heads keep apart"
    : mean > 1.1 * level
      ? "more than random spans: the heads share directions"
      : "as random spans do";

function colours(value: number) {
  const rgb = colourMaps.viridis(value);
  return onColour(rgb);
}

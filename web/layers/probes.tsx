/** @file What training measured of the layers at each evaluation, on images that stay the same. */

import type { ComponentChildren } from "preact";
import type { ProbeRow } from "../../src/studio/shapes.ts";
import { view } from "../address.ts";
import { Figure } from "../views/figure.tsx";
import { Rc } from "../views/letters.tsx";
import { AttentionOverTime } from "./attention.tsx";
import { byLayer, overTime, rateStairs } from "./charts.ts";
import { ProbeTable } from "./table.tsx";
import { placeIn, Time } from "./time.tsx";
import { compresses, hasRates, ofLayers, sparsifies } from "./words.ts";

export function Probes({ rows }: { rows: readonly ProbeRow[] }) {
  const row = rows[placeIn(rows)]!;
  const isWhite = hasRates(row);
  const more = [
    byLayer(rows, row, {
      ...{ title: "Entries that are not 0", label: "share behind the layer", isShare: true },
      of: ({ nonZero }) => nonZero,
    }),
    ...(isWhite
      ? [
          byLayer(rows, row, {
            ...{ title: "R^c that MSSA takes away, unit tokens", label: "before − after (nats)" },
            of: ({ compressionUnit }) => compressionUnit,
          }),
          byLayer(rows, row, {
            ...{ title: "R − λ‖Z‖₁ that ISTA adds, unit tokens", label: "after − before (nats)" },
            of: ({ sparseUnit }) => sparseUnit,
          }),
          overTime(rows, row),
        ]
      : []),
  ];
  return (
    <section aria-labelledby="during">
      <h3 id="during">During training</h3>
      <p class="note">
        Measured at each evaluation on the same {row.samples} samples of the evaluation split; ε ={" "}
        {row.epsilon}.
      </p>
      <Time rows={rows} />
      <Verdict row={row} isWhite={isWhite} />
      {isWhite && <Figure charts={[rateStairs(rows, row)]} />}
      {isWhite && (
        <p class="note under">
          Each layer takes two steps. MSSA, its attention, is to lower <Rc />, the nats that it takes to code
          the tokens within the layer's subspaces U; ISTA makes them sparse, and may raise it. All steps of
          training have one axis.
        </p>
      )}
      <Figure charts={more} columns={2} />
      {view.value.table && <ProbeTable row={row} />}
      {row.attention && <AttentionOverTime attention={row.attention} />}
    </section>
  );
}

const Strong = ({ children }: { children: ComponentChildren }) => <strong>{children}</strong>;

/** In words, what the staircase shows. */
function Verdict({ row, isWhite }: { row: ProbeRow; isWhite: boolean }) {
  const fewer = sparsifies(row);
  const step = `At step ${row.step.toLocaleString("en")}`;
  const sparse = fewer[1] > 0 && (
    <>
      Behind <Strong>{ofLayers(fewer).replace("layers", "layers after the first")}</Strong> fewer entries are
      not 0 than behind the one before.
    </>
  );
  if (!isWhite)
    return (
      <p class="verdict">
        This network has no subspaces U, so <Rc /> against them is not defined. {sparse}
      </p>
    );
  const { raw, unit } = compresses(row);
  return (
    <p class="verdict">
      {step} attention <Strong>compresses in {ofLayers(raw)}</Strong>: <Rc /> after MSSA is below <Rc />{" "}
      before it. Of tokens scaled to length 1 it does in {ofLayers(unit)}. {sparse}
    </p>
  );
}

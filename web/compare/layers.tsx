/** @file The layers of two runs as training measured them: staircases on one axis, the same measures in one chart. */

import { lineChart } from "../../src/chart/index.ts";
import type { ProbeRow } from "../../src/studio/shapes.ts";
import { useBounds } from "../bounds.ts";
import { useFetched } from "../fetched.ts";
import { rateStairs } from "../layers/charts.ts";
import { placeIn, Time } from "../layers/time.tsx";
import { compresses, hasRates, ofLayers } from "../layers/words.ts";
import type { RunHere } from "../source/source.ts";
import { Figure } from "../views/figure.tsx";
import { Rc } from "../views/letters.tsx";
import { Empty, Problem, Waiting } from "../views/state.tsx";
import type { Both } from "./both.ts";

interface Measured {
  run: RunHere;
  rows: readonly ProbeRow[];
}

export function PairedLayers({ a, b }: Both) {
  const { value, error } = useFetched(
    () => Promise.all([a, b].map(async (run) => ({ run, rows: await run.studio!.probes(run.id) }))),
    `${a.id} ${b.id}`,
  );
  const longer = [...(value ?? [])].sort((x, y) => y.rows.length - x.rows.length)[0]?.rows ?? [];
  useBounds({ times: longer.map(({ step }) => step) });
  return (
    <section aria-labelledby="layers">
      <h2 id="layers">Layers</h2>
      {error !== undefined && <Problem>{error}</Problem>}
      {value === undefined && error === undefined && <Waiting what="the layers" />}
      {value && <Shown both={value} longer={longer} />}
    </section>
  );
}

const MEASURES = [
  {
    title: "Entries that are not 0",
    label: "share behind the layer",
    of: ({ nonZero }: ProbeRow) => nonZero,
    axis: { format: "percent" as const, min: 0 },
  },
  {
    title: "R of all tokens, unit tokens",
    label: "R behind the layer (nats)",
    of: ({ rate }: ProbeRow) => rate,
    axis: { min: 0 },
  },
  {
    title: "R^c that MSSA takes away, unit tokens",
    label: "before − after (nats)",
    of: ({ compressionUnit }: ProbeRow) => compressionUnit,
    axis: {},
  },
] as const;

function Shown({ both, longer }: { both: readonly Measured[]; longer: readonly ProbeRow[] }) {
  const without = both.filter(({ rows }) => rows.length === 0);
  if (without.length > 0)
    return (
      <Empty
        title={`Nothing was measured of the layers of ${without.map(({ run }) => run.name).join(" and ")}`}
      >
        <p>
          Training measures layers of tokens at each evaluation; older runs, and networks without them, have
          none.
        </p>
      </Empty>
    );
  const now = both.map(({ run, rows }) => ({ run, rows, row: rows[placeIn(rows)]! }));
  const white = now.filter(({ row }) => hasRates(row));
  const charts = MEASURES.map(({ title, label, axis, of }) => ({
    known: now.flatMap(({ run, row }, tone) =>
      of(row).some((x) => x != null) ? [{ name: run.name, y: of(row), tone, marker: "circle" as const }] : [],
    ),
    ...{ title, label, axis },
  })).filter(({ known }) => known.length === now.length);
  return (
    <>
      <p class="note">
        Each by its own training, of {now.map(({ row }) => row.samples).join(" and ")} samples of its
        evaluation split; ε = {now.map(({ row }) => row.epsilon).join(" and ")}. Numbers of networks of other
        widths, or of other data, are not on one scale.
      </p>
      <Time rows={longer} />
      <div class="pair">
        {now.map(({ run, rows, row }, i) => {
          const other = now[1 - i]!;
          return (
            <div key={run.id}>
              <h3>
                <span class={`swatch v-s${i}`} aria-hidden="true" />
                {run.name}, step {row.step.toLocaleString("en")}
              </h3>
              {hasRates(row) ? (
                <>
                  <p>
                    <Rc /> falls by attention in <strong>{ofLayers(compresses(row).raw)}</strong>; of tokens
                    of length 1 in {ofLayers(compresses(row).unit)}.
                  </p>
                  <Figure charts={[rateStairs(rows, row, hasRates(other.row) ? other.rows : [])]} />
                </>
              ) : (
                <p>
                  It has no subspaces <i class="math">U</i>, so <Rc /> against them is not defined.
                </p>
              )}
            </div>
          );
        })}
      </div>
      {white.length === 2 && <p class="note under">Both staircases stand on one axis.</p>}
      {charts.length > 0 && (
        <Figure
          columns={2}
          charts={charts.map(({ known, title, label, axis }) =>
            lineChart({ title, x: { label: "layer" }, y: { label, ...axis }, series: known, height: 220 }),
          )}
        />
      )}
    </>
  );
}

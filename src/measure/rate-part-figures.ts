/** @file Figures of where R^c is: layers against heads, layers against stretches of the sequence. */

import { largestOf, leastOf } from "../base/extremes.ts";
import { type Chart, type Figure, figure, heatMap } from "../chart/index.ts";
import { has, stacksIn, subtitle } from "./layer-figures.ts";
import type { Report, ReportLayer } from "./report-schema.ts";

type Row = readonly (number | null)[];

/** Whether the layers have several heads, or stretches. */
export const hasRateParts = (report: Report): boolean =>
  has("windowRates")(report) ||
  stacksIn(report).some(({ after }) => after.some(({ headRates }) => (headRates?.length ?? 0) > 1));

/** R^c of each window, the sum over its heads. */
const windows = ({ windowRates }: ReportLayer): Row | undefined =>
  windowRates?.map((heads) => heads.reduce<number | null>((sum, rate) => (sum === null || rate === null ? null : sum + rate), 0)); // biome-ignore format: short

/** Layers as rows, untrained beside trained in the same colours. */
function pair(
  report: Report,
  title: string,
  columns: string,
  of: (layer: ReportLayer) => Row | undefined,
): Chart[] {
  return stacksIn(report).flatMap(({ name, before, after }) => {
    const tables = [
      ...(before === null ? [] : [{ state: "untrained", layers: before }]),
      { state: "trained", layers: after },
    ].map(({ state, layers }) => ({ state, rows: layers.map((layer) => of(layer) ?? []) }));
    const known = tables.flatMap(({ rows }) => rows.flat()).filter((value) => value !== null);
    const width = after.reduce((most, layer) => Math.max(most, of(layer)?.length ?? 0), 0);
    if (width === 0 || known.length === 0) return [];
    const [min, max] = [leastOf(known), largestOf(known)];
    const part = stacksIn(report).length > 1 ? `${name}, ` : "";
    return tables.map(({ state, rows }) =>
      heatMap({
        title: `${title}, ${part}${state}`,
        ...{ rows: rows.length, columns: width, min, max, annotate: width <= 12 },
        values: rows.flatMap((row) => Array.from({ length: width }, (_, i) => row[i] ?? Number.NaN)),
        x: { label: columns },
        y: { label: "layer" },
        label: "R^c (nats)",
      }),
    );
  });
}

/** R^c of LN(Z^ℓ)U^ℓ by head and, of sequences, by stretch: the authors' estimator. */
export function ratePartsFigure(report: Report): Figure {
  const charts = [
    ...pair(report, "By head", "head", ({ headRates }) => headRates),
    ...pair(report, "By stretch of the sequence", "stretch, from the first tokens on", windows),
  ];
  const title = "Where R^c is: by layer and head, and by layer and stretch";
  return figure({ title, subtitle: `${subtitle(report)}; authors' estimator`, width: 760 }, charts);
}

/** @file Figures of measures over the layers: untrained dashed, trained solid, bands one standard deviation wide. */

import { largestOf } from "../base/extremes.ts";
import type { AxisOptions, Chart, Figure, FigureOptions, LineSeries } from "../chart/index.ts";
import { figure, lineChart } from "../chart/index.ts";
import type { Report, ReportLayer, ReportSpread, ReportStack } from "./report-schema.ts";

/** What is drawn of a layer: a number, and how far it scatters. */
export type Drawn = { y: number | null; low?: number | null; high?: number | null };

/** The stacks of a report; none where it has no layers. */
export const stacksIn = ({ layers = [] }: Report): readonly ReportStack[] => layers;

/** Whether any layer has that measure. */
export const has =
  (...names: (keyof ReportLayer)[]) =>
  (report: Report): boolean =>
    stacksIn(report).some(({ after }) =>
      after.some((layer) => names.some((name) => layer[name] !== undefined)),
    );

/** A number to compare with, the same in every layer. */
export interface Level {
  name: string;
  value: number;
}

/** One panel: a measure over the layers, untrained and trained, of each stack that has it. */
export function layerChart(
  report: Report,
  title: string | undefined,
  label: string,
  of: (layer: ReportLayer) => Drawn | undefined,
  { level, ...axis }: AxisOptions & { level?: Level | undefined } = {},
): Chart {
  const stacks = stacksIn(report);
  const several = stacks.length > 1;
  const line = (name: string, layers: readonly ReportLayer[], style: Partial<LineSeries>): LineSeries => {
    const drawn = layers.map((layer) => of(layer) ?? { y: null });
    const banded = drawn.some(({ low }) => low !== undefined);
    return {
      name,
      x: layers.map((_, l) => l + 1),
      y: drawn.map(({ y }) => y),
      ...(banded && {
        low: drawn.map(({ low }) => low ?? null),
        high: drawn.map(({ high }) => high ?? null),
      }),
      marker: "circle",
      ...style,
    };
  };
  const series = stacks.flatMap(({ name, before, after }, tone) => {
    if (after.every((layer) => of(layer) === undefined)) return [];
    const part = several ? `${name}, ` : "";
    const grey = several ? tone : ("grey" as const);
    const trained = line(`${part}trained`, after, { tone });
    return before === null
      ? [trained]
      : [line(`${part}untrained`, before, { tone: grey, stroke: "dashed" }), trained];
  });
  if (level !== undefined) {
    const x = largestOf(stacks.map(({ after }) => after.length));
    const y = Array.from({ length: x }, () => level.value);
    series.push({ name: level.name, y, tone: "grey", stroke: "dotted", marker: "none" });
  }
  return lineChart({
    ...(title !== undefined && { title }),
    x: { label: "layer" },
    y: { label, ...axis },
    series,
  });
}

/** Where training raised what a layer is to lower, in words; nothing where it lowered it in most layers. */
function raised(report: Report, name: string, of: (layer: ReportLayer) => ReportSpread | undefined): string {
  const pairs = stacksIn(report).flatMap(({ before, after }) =>
    (before ?? []).map((layer, l) => [of(layer)?.mean, after[l] && of(after[l])?.mean] as const),
  );
  const both = pairs.filter((pair): pair is [number, number] =>
    pair.every((mean) => typeof mean === "number"),
  );
  const above = both.filter(([before, after]) => after > before).length;
  return 2 * above > both.length
    ? `; ${name}: higher after training in ${above} of ${both.length} layers`
    : "";
}

/** Mean and band of a spread. */
export function band(spread: ReportSpread | undefined): Drawn | undefined {
  if (spread === undefined) return undefined;
  const { mean, std } = spread;
  const edge = (sign: number) => (mean === null || std === null ? null : mean + sign * std);
  return { y: mean, low: edge(-1), high: edge(1) };
}

/** What was measured, in one line under a title. */
export function subtitle({ model, data, samples, checkpoint }: Report): string {
  const sizes = [
    ...(model.dim === undefined ? [] : [`d = ${model.dim}`]),
    ...(model.heads === undefined ? [] : [`${model.heads} heads`]),
  ];
  const of = sizes.length > 0 ? ` (${sizes.join(", ")})` : "";
  const on = data === undefined ? "" : ` on ${samples} ${data.split} ${data.unit} of ${data.name}`;
  return `${model.name}${of}${on}${checkpoint === undefined ? "" : `; ${checkpoint.name}`}`;
}

/** The same, where bands are drawn. */
const withBands = (report: Report) => `${subtitle(report)}; bands: ± std`;
const withUnits = (report: Report) => `${withBands(report)}; unit tokens: length 1`;

/** Charts, and what stands over them: a figure as a file, or in a page that is as wide as it likes. */
export interface Panels {
  readonly options: FigureOptions;
  readonly charts: readonly Chart[];
}
const drawn = ({ options, charts }: Panels): Figure => figure(options, charts);

export const rateFigure = (report: Report): Figure => drawn(ratePanels(report));
export const nonZeroFigure = (report: Report): Figure => drawn(nonZeroPanels(report));
export const wholeRateFigure = (report: Report): Figure => drawn(wholeRatePanels(report));

/** Rᶜ per layer by the two definitions, which differ in what they measure. Only for models with subspaces. */
export function ratePanels(report: Report): Panels {
  const { epsilon, authorsEpsilon } = report.settings ?? {};
  const panel = (title: string, of: (layer: ReportLayer) => ReportSpread | undefined, label = "R^c (nats)") =>
    layerChart(report, title, label, (layer) => band(of(layer)), { zero: true });
  const taken = "R^c before − after (nats)";
  const charts = [
    panel("Authors' code: R^c of LN(Z^ℓ)U^ℓ", (layer) => layer.authorsRate),
    panel("Paper: R^c(Z^{ℓ+½} | U^ℓ), raw tokens", (layer) => layer.paperRate),
    panel("Paper: R^c(Z^{ℓ+½} | U^ℓ), unit tokens", (layer) => layer.paperRateUnit),
    panel("R^c that MSSA takes away, unit tokens", (layer) => layer.compressionUnit, taken),
  ];
  const words = `Coding rate against the subspaces of each layer; ε = ${authorsEpsilon} not squared in the authors' code, ε = ${epsilon} in the paper's definition.`;
  const title = "Coding rate R^c against the subspaces, per layer";
  const subtitle = `${withUnits(report)}${raised(report, "unit tokens", (layer) => layer.paperRateUnit)}`;
  return { options: { title, subtitle, description: words, width: 760 }, charts };
}

/** Share of non-zeros per layer; of codes too, where dictionaries are overcomplete. */
export function nonZeroPanels(report: Report): Panels {
  const panel = (title: string | undefined, label: string, of: (layer: ReportLayer) => Drawn | undefined) => {
    const layers = stacksIn(report).flatMap(({ before, after }) => [...(before ?? []), ...after]);
    const most = largestOf(layers.map((layer) => of(layer)?.y ?? 0));
    const axis = { format: "percent", min: 0, ...(most > 0.8 && { max: 1.05 }) } as const;
    return layerChart(report, title, label, of, axis);
  };
  const coded = has("code")(report);
  const Z = "entries of Z^{ℓ+1} that are not 0";
  const charts = [panel(coded ? "After the layer" : undefined, Z, (layer) => band(layer.nonZero))];
  if (coded)
    charts.push(panel("The code", "entries of the code that are not 0", (layer) => band(layer.code)));
  const title = `Share of non-zeros after ${sparsifier(stacksIn(report))}, per layer`;
  return { options: { title, subtitle: withBands(report), ...(coded && { width: 760 }) }, charts };
}

/** What layers end with: ISTA where all have a complete dictionary. */
export const sparsifier = (stacks: readonly ReportStack[]): string =>
  stacks.every(({ after }) => after.every(({ weights }) => weights?.dictionary !== undefined))
    ? "ISTA"
    : "each layer";

/** R of all tokens, and ΔR where there are subspaces, of tokens as they are and at unit length. */
export function wholeRatePanels(report: Report): Panels {
  const R = "R (nats)";
  const gap = "ΔR (nats)";
  const charts = [
    layerChart(report, "R(Z^{ℓ+1}), raw tokens", R, (layer) => band(layer.rate)),
    layerChart(report, "R(Z^{ℓ+1}), unit tokens", R, (layer) => band(layer.rateUnit)),
  ];
  if (has("reduction")(report))
    charts.push(
      layerChart(report, "ΔR = R − R^c of Z^{ℓ+½}, raw tokens", gap, (layer) => band(layer.reduction)),
      layerChart(report, "ΔR = R − R^c of Z^{ℓ+½}, unit tokens", gap, (layer) => band(layer.reductionUnit)),
    );
  const title = has("reduction")(report)
    ? "Coding rate of all tokens, and rate reduction, per layer"
    : "Coding rate of all tokens, per layer";
  return { options: { title, subtitle: withUnits(report), width: 760 }, charts };
}

/** Of layers without tokens: rate and rank of their features. */
export function featureFigure(report: Report): Figure {
  const number = (value: number | null | undefined) => (value === undefined ? undefined : { y: value });
  const charts = [
    layerChart(report, "Coding rate, unit length", "R (nats)", (layer) => number(layer.featureRate)),
    layerChart(
      report,
      "Directions that hold 95 % of the energy",
      "rank",
      (layer) => number(layer.featureRank),
      {
        min: 0,
      },
    ),
  ];
  const title = "Features of each layer, averaged over pixels";
  return figure({ title, subtitle: subtitle(report), width: 760 }, charts);
}

/** Up to `most` layers to draw where there is no room for all: the first, the last and some between, from 0. */
export function someLayers(depth: number, most: number): number[] {
  const count = Math.min(depth, most);
  return Array.from({ length: count }, (_, i) => Math.round((i * (depth - 1)) / Math.max(1, count - 1)));
}

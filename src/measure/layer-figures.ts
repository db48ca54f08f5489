/** @file Figures of measures over the layers: untrained dashed, trained solid, bands one standard deviation wide. */

import { largestOf, leastOf } from "../base/extremes.ts";
import type { AxisOptions, Chart, Figure, LineSeries } from "../chart/index.ts";
import { figure, lineChart } from "../chart/index.ts";
import type { Report, ReportLayer, ReportSpread } from "./report-schema.ts";

/** What is drawn of a layer: a number, and how far it scatters. */
export type Drawn = { y: number | null; low?: number | null; high?: number | null };

export const BEFORE = "untrained";
export const AFTER = "trained";

/** One panel: a measure over the layers, untrained and trained. */
export function layerChart(
  report: Report,
  title: string | undefined,
  label: string,
  of: (layer: ReportLayer) => Drawn,
  axis: AxisOptions = {},
): Chart {
  const { before, after } = report.layers;
  const series = (name: string, layers: readonly ReportLayer[], style: Partial<LineSeries>): LineSeries => {
    const drawn = layers.map(of);
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
  const all = [series(AFTER, after, { tone: 0 })];
  if (before !== null) all.unshift(series(BEFORE, before, { tone: "grey", stroke: "dashed" }));
  return lineChart({
    ...(title !== undefined && { title }),
    x: { label: "layer" },
    y: { label, ...axis },
    series: all,
  });
}

/** Mean and band of a spread; a gap where there is none. */
export function band(spread: ReportSpread | null): Drawn {
  const { mean, std } = spread ?? { mean: null, std: null };
  const edge = (sign: number) => (mean === null || std === null ? null : mean + sign * std);
  return { y: mean, low: edge(-1), high: edge(1) };
}

/** What was measured, in one line under a title. */
export function subtitle(report: Report): string {
  const { model, data, samples, checkpoint } = report;
  const size = `d = ${model.dim}, ${model.heads} heads`;
  return `${model.name} (${size}) on ${samples.count} ${data.split} images of ${data.name}; ${checkpoint.name}`;
}

/** The same, where bands are drawn. */
const withBands = (report: Report) => `${subtitle(report)}; bands: ± std`;
const withUnits = (report: Report) => `${withBands(report)}; unit tokens: length 1`;

/** Rᶜ per layer by the two definitions, which differ in what they measure. Only for models with subspaces. */
export function rateFigure(report: Report): Figure {
  const { precision, authorsEpsilon } = report.settings;
  const charts = [
    layerChart(report, "Authors' code: R^c of LN(Z^ℓ)U^ℓ", "R^c (nats)", (layer) => band(layer.authorsRate)),
    layerChart(report, "Paper: R^c(Z^{ℓ+½} | U^ℓ), raw tokens", "R^c (nats)", (layer) =>
      band(layer.paperRate),
    ),
    layerChart(report, "Paper: R^c(Z^{ℓ+½} | U^ℓ), unit tokens", "R^c (nats)", (layer) =>
      band(layer.paperRateUnit),
    ),
    layerChart(report, "R^c that MSSA takes away, unit tokens", "R^c before − after (nats)", (layer) =>
      band(layer.compressionUnit),
    ),
  ];
  const words = `Coding rate against the subspaces of each layer; ε = ${authorsEpsilon} not squared in the authors' code, ε = ${precision} in the paper's definition.`;
  const title = "Coding rate R^c against the subspaces, per layer";
  return figure({ title, subtitle: withUnits(report), description: words, width: 760 }, charts);
}

/** Share of non-zeros per layer. */
export function nonZeroFigure(report: Report): Figure {
  const half = report.model.family === "crate" ? "ISTA" : "the MLP";
  const { before, after } = report.layers;
  const most = largestOf([...(before ?? []), ...after].map((layer) => layer.nonZero.mean ?? 0));
  const chart = layerChart(
    report,
    undefined,
    "entries of Z^{ℓ+1} that are not 0",
    (layer) => band(layer.nonZero),
    { format: "percent", min: 0, ...(most > 0.8 && { max: 1.05 }) },
  );
  return figure({ title: `Share of non-zeros after ${half}, per layer`, subtitle: withBands(report) }, chart);
}

/** R of all tokens, and ΔR where there are subspaces, of tokens as they are and at unit length. */
export function wholeRateFigure(report: Report): Figure {
  const R = "R (nats)";
  const gap = "ΔR (nats)";
  const charts = [
    layerChart(report, "R(Z^{ℓ+1}), raw tokens", R, (layer) => band(layer.rate)),
    layerChart(report, "R(Z^{ℓ+1}), unit tokens", R, (layer) => band(layer.rateUnit)),
  ];
  if (report.model.family === "crate")
    charts.push(
      layerChart(report, "ΔR = R − R^c of Z^{ℓ+½}, raw tokens", gap, (layer) => band(layer.reduction)),
      layerChart(report, "ΔR = R − R^c of Z^{ℓ+½}, unit tokens", gap, (layer) => band(layer.reductionUnit)),
    );
  const title =
    report.model.family === "crate"
      ? "Coding rate of all tokens, and rate reduction, per layer"
      : "Coding rate of all tokens, per layer";
  return figure({ title, subtitle: withUnits(report), width: 760 }, charts);
}

/** Up to `most` layers to draw where there is no room for all: the first, the last and some between, from 0. */
export function someLayers(depth: number, most: number): number[] {
  const count = Math.min(depth, most);
  return Array.from({ length: count }, (_, i) => Math.round((i * (depth - 1)) / Math.max(1, count - 1)));
}

/** Singular values of the token matrix after some of the layers. */
export function spectrumFigure(report: Report): Figure {
  const { before, after } = report.layers;
  const shown = someLayers(after.length, 5);
  // what is below float32's precision is noise, and would stretch the axis
  const floor = 1e-5;
  const chart = (title: string, layers: readonly ReportLayer[]) =>
    lineChart({
      title,
      x: { label: "index of the singular value" },
      y: { label: "singular value", scale: "log", ...limits },
      series: shown.map((l, i) => ({
        name: `layer ${l + 1}`,
        y: layers[l]!.spectrum.map((value) => (value !== null && value > floor * largest ? value : null)),
        marker: "none" as const,
        tone: i,
      })),
    });
  const values = [...(before ?? []), ...after].flatMap((layer) => layer.spectrum.map((value) => value ?? 0));
  const largest = largestOf(values);
  const kept = values.filter((value) => value > floor * largest);
  const limits = kept.length > 0 ? { min: decade(leastOf(kept), -1), max: decade(largest, 1) } : {};
  const charts = [chart("Trained", after)];
  if (before !== null) charts.unshift(chart("Untrained", before));
  const title = "Singular values of the tokens Z^{ℓ+1} after each layer";
  const samples = `mean over ${report.samples.spectra} samples`;
  return figure({ title, subtitle: `${subtitle(report)}; ${samples}`, width: 760 }, charts);
}

/** The next 1, 2 or 5 times a power of ten below (−1) or above (1): one axis for both panels. */
function decade(value: number, direction: -1 | 1): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 5, 10].map((factor) => factor * power);
  return direction === 1
    ? steps.find((step) => step >= value)!
    : steps.findLast((step) => step <= value * (1 + 1e-9))!;
}

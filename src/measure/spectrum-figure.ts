/** @file The figure of singular values after some of the layers. */

import { largestOf, leastOf } from "../base/extremes.ts";
import { type Figure, figure, lineChart, orderedTone } from "../chart/index.ts";
import { someLayers, stacksIn, subtitle } from "./layer-figures.ts";
import type { Report, ReportLayer, ReportStack } from "./report-schema.ts";

/** What is below float32's precision is noise, and would stretch the axis. */
const FLOOR = 1e-5;

/** Singular values of the tokens, or of all features, after some of the layers. */
export function spectrumFigure(report: Report): Figure {
  const stacks = stacksIn(report);
  const charts = stacks.flatMap((stack) => stackCharts(stack, stacks.length > 1 ? `${stack.name}, ` : ""));
  const tokens = stacks.some(({ after }) => after.some(({ rate }) => rate !== undefined));
  const of = tokens ? "the tokens Z^{ℓ+1}" : "the features of all samples";
  const samples = Math.min(report.settings?.spectra ?? 0, report.samples);
  const how = tokens ? `; mean over ${samples} samples` : "";
  const title = `Singular values of ${of} after each layer`;
  return figure({ title, subtitle: `${subtitle(report)}${how}`, width: 760 }, charts);
}

function stackCharts({ before, after }: ReportStack, part: string) {
  const values = [...(before ?? []), ...after].flatMap(({ spectrum }) => spectrum.map((value) => value ?? 0));
  const largest = largestOf(values);
  const kept = values.filter((value) => value > FLOOR * largest);
  const limits = kept.length > 0 ? { min: decade(leastOf(kept), -1), max: decade(largest, 1) } : {};
  const shown = someLayers(after.length, 5);
  const chart = (title: string, layers: readonly ReportLayer[]) =>
    lineChart({
      title: part + title,
      x: { label: "index of the singular value" },
      y: { label: "singular value", scale: "log", ...limits },
      series: shown.map((l, i) => ({
        name: `layer ${l + 1}`,
        y: layers[l]!.spectrum.map((value) => (value !== null && value > FLOOR * largest ? value : null)),
        marker: "none" as const,
        tone: orderedTone(i, shown.length),
      })),
    });
  const trained = chart("trained", after);
  return before === null ? [trained] : [chart("untrained", before), trained];
}

/** The next 1, 2 or 5 times a power of ten below (−1) or above (1): one axis for both panels. */
function decade(value: number, direction: -1 | 1): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 5, 10].map((factor) => factor * power);
  return (
    (direction === 1
      ? steps.find((step) => step >= value)
      : steps.findLast((step) => step <= value * (1 + 1e-9))) ?? value
  );
}

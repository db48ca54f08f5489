/** @file A report from the measures of a run. */

import type { DrawnClassifier } from "../model/index.ts";
import { environment } from "./environment.ts";
import { isCrate, type LayerMeasures, type LayerMeter } from "./measure.ts";
import { checkReport, withoutGaps } from "./report.ts";
import { REPORT_VERSION, type Report } from "./report-schema.ts";

/** What a report is made from. */
export interface ReportParts {
  /** Name of the run's folder. */
  run: string;
  modelName: string;
  /** The model of the checkpoint. */
  model: DrawnClassifier;
  data: Report["data"];
  checkpoint: Report["checkpoint"];
  seed: number;
  /** Of the measured samples. */
  labels: readonly number[];
  /** Untrained weights; null where they are not known. */
  before: LayerMeasures | null;
  after: LayerMeasures;
  settings: Pick<LayerMeter, "precision" | "authorsEpsilon" | "spectra">;
  attention: Report["attention"];
  /** When it was made; now. */
  created?: Date;
}

const NO_SUBSPACES = "a ViT has no subspaces U and no dictionary D";
/** What only a layer with subspaces has. */
const OF_SUBSPACES = [
  "authorsRate",
  "paperRate",
  "paperRateUnit",
  "compression",
  "compressionUnit",
  "reduction",
  "reductionUnit",
  "weights",
];
const NO_BEFORE = "the untrained weights are not known";
const NO_STEP = "the checkpoint does not say its step";

/** The report, checked; each null in it has its reason. */
export function makeReport(parts: ReportParts): Report {
  const { model, labels, before, after, settings, checkpoint } = parts;
  const count = after.predictions.length;
  const measured = withoutGaps({ before: before?.layers ?? null, after: after.layers }, (path, value) =>
    reasonFor(path, value, count),
  );
  const missing = measured.missing.map(({ path, reason }) => ({ path: `layers.${path}`, reason }));
  if (!isCrate(model))
    for (const name of OF_SUBSPACES) missing.push({ path: `layers.*.*.${name}`, reason: NO_SUBSPACES });
  if (before === null)
    for (const path of ["layers.before", "samples.accuracy.before", "attention.*.prediction.before"])
      missing.push({ path, reason: NO_BEFORE });
  if (checkpoint.step === null) missing.push({ path: "checkpoint.step", reason: NO_STEP });
  const report = {
    version: REPORT_VERSION,
    created: (parts.created ?? new Date()).toISOString(),
    run: parts.run,
    model: { name: parts.modelName, ...describeModel(model) },
    data: parts.data,
    checkpoint,
    seed: parts.seed,
    samples: {
      count,
      spectra: Math.min(settings.spectra, count),
      accuracy: {
        before: before && accuracy(before.predictions, labels),
        after: accuracy(after.predictions, labels),
      },
    },
    settings: { precision: settings.precision, authorsEpsilon: settings.authorsEpsilon },
    layers: measured.tree,
    attention: parts.attention,
    missing,
    environment: environment(),
  };
  return checkReport(report, "report");
}

function reasonFor(path: string, value: number, samples: number): string {
  if (path.endsWith(".std") && samples < 2) return "the unbiased deviation needs two samples";
  if (path.includes(".authorsRate.") && Number.isNaN(value))
    return "a token without direction (all zeros) has no unit length: the authors' estimator is not a number";
  return `not finite: ${value}`;
}

function describeModel(model: DrawnClassifier) {
  const { dim, depth, heads, patch, imageSize } = model.options;
  const [height, width] = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  return {
    family: isCrate(model) ? ("crate" as const) : ("vit" as const),
    parameters: model.parameterCount(),
    ...{ dim, depth, heads },
    headDim: isCrate(model) ? model.options.headDim : dim / heads,
    ...{ patch, height, width },
    tokens: (height / patch) * (width / patch) + 1,
  };
}

/** Share of the predictions that are right. */
function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  return predictions.filter((prediction, i) => prediction === labels[i]).length / predictions.length;
}

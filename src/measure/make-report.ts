/** @file A report from what was found. */

import { type Size, sides } from "../base/size.ts";
import type { Module } from "../nn/index.ts";
import { environment } from "./environment.ts";
import type { LayerMeasure, MeasureOptions, StackMeasures } from "./meter.ts";
import { checkReport, withoutGaps } from "./report.ts";
import { REPORT_VERSION, type Report } from "./report-schema.ts";

/** Layers as they were measured; `before` is null where the untrained weights are not known. */
export interface MeasuredLayers {
  before: StackMeasures[] | null;
  after: StackMeasures[];
  settings: Required<MeasureOptions>;
}

/** A cell of a row; what a row has not is left out of it. */
export type Cell = number | string;

/** What a report is made from. */
export interface ReportParts
  extends Pick<Report, "name" | "recipe" | "method" | "model" | "data" | "checkpoint" | "seed" | "samples"> {
  /** By name: rates in nats, accuracies in per cent. */
  numbers?: Readonly<Record<string, number>>;
  rows?: readonly Readonly<Record<string, Cell>>[];
  layers?: MeasuredLayers;
  attention?: Report["attention"];
  notes?: readonly string[];
}

const NO_BEFORE = "the untrained weights are not known";
const NO_STEP = "the checkpoint does not say its step";

/** The report, checked; each null in it has its reason. @throws {DataError} parts that no report can have */
export function makeReport(parts: ReportParts): Report {
  const { numbers = {}, rows = [], layers, attention, notes = [], ...about } = parts;
  const measured = withoutGaps(
    { numbers, rows: [...rows], layers: layers && stacksOfReport(layers) },
    (path, value) => reasonFor(path, value, parts.samples),
  );
  const missing = [...measured.missing];
  if (layers?.before === null) missing.push({ path: "layers.*.before", reason: NO_BEFORE });
  if (attention?.some(({ prediction }) => prediction?.before === null))
    missing.push({ path: "attention.*.prediction.before", reason: NO_BEFORE });
  if (about.checkpoint?.step === null) missing.push({ path: "checkpoint.step", reason: NO_STEP });
  const report = {
    kind: "inspection",
    version: REPORT_VERSION,
    created: new Date().toISOString(),
    ...about,
    settings: layers?.settings,
    ...measured.tree,
    attention,
    notes: [...notes, ...leftOut(layers?.after ?? [])],
    missing,
    environment: environment(),
  };
  return checkReport(JSON.parse(JSON.stringify(report)), "report"); // what is undefined is left out
}

const stacksOfReport = ({ before, after }: MeasuredLayers) =>
  after.map(({ name, layers }, s) => ({ name, before: before?.[s]?.layers ?? null, after: layers }));

function reasonFor(path: string, value: number, samples: number): string {
  if (path.endsWith(".std") && samples < 2) return "the unbiased deviation needs two samples";
  if (/\.(authorsRate|headRates|windowRates)\./.test(path) && Number.isNaN(value))
    return "a token without direction (all zeros) has no unit length: the authors' estimator is not a number";
  return `not finite: ${value}`;
}

const NO_SUBSPACES =
  "authorsRate, paperRate, compression and reduction are left out: there are no subspaces U";
const NO_TOKENS =
  "rates of tokens are left out: there are none; featureRate is R of the features, of maps averaged over pixels";

/** What is not defined for the layers, a line for each stack. */
const leftOut = (stacks: readonly StackMeasures[]): string[] =>
  stacks.flatMap(({ name, layers }) => {
    const has = (measure: keyof LayerMeasure) => layers.some((layer) => layer[measure] !== undefined);
    if (has("paperRate") || !has("nonZero")) return [];
    const part = stacks.length > 1 ? `${name}: ` : "";
    return [part + (has("rate") ? NO_SUBSPACES : NO_TOKENS)];
  });

/** What can be told of the sizes of models. */
const SIZES = ["dim", "depth", "heads", "headDim", "patch"] as const;

/** A model in a report: its name, its numbers, and the sizes that it has. */
export function describeModel(name: string, model: Module, more: readonly Module[] = []): Report["model"] {
  const { options = {} } = model as { options?: Record<string, unknown> };
  const sizes = Object.fromEntries(
    SIZES.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  ) as Pick<Report["model"], (typeof SIZES)[number]>;
  const { dim, heads, headDim } = sizes;
  if (headDim === undefined && dim !== undefined && heads !== undefined) sizes.headDim = dim / heads;
  const parameters = [model, ...more].reduce((sum, each) => sum + each.parameterCount(), 0);
  const described: Report["model"] = { name, parameters, ...sizes };
  const { imageSize } = options as { imageSize?: Size };
  if (imageSize === undefined) return described;
  const [height, width] = sides(imageSize);
  return { ...described, height, width };
}

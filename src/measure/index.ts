/** @file What is measured of layers and weights: measures, reports, tables, figures. */

export { type ClassAttention, classAttention } from "./attention.ts";
export { reportFigures, writeFigures } from "./figures.ts";
export { countFlops, type Flops } from "./flops.ts";
export { type ImageFindings, type ImageTask, inspectImages } from "./inspect-images.ts";
export { type Stack, type Subject, stacksOf } from "./layered.ts";
export { describeModel } from "./make-report.ts";
export {
  type LayerMeasure,
  type LayerMeasureName,
  type MeasureOptions,
  Meter,
  measureLayers,
  type Spread,
  type StackMeasures,
} from "./meter.ts";
export { readReport, writeReport } from "./report.ts";
export type {
  Report,
  ReportAttention,
  ReportLayer,
  ReportSpread,
  ReportStack,
} from "./report-schema.ts";
export { reportTable } from "./report-table.ts";
export { listTensors, type TensorEntry } from "./tensor-list.ts";
export type { HeadCosines, Orthogonality, WeightMeasures } from "./weights.ts";

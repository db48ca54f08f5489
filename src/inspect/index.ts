/** @file What each layer does: measures, reports, tables, figures. */

export { type ClassAttention, classAttention } from "./attention.ts";
export type { Figure } from "./chart/index.ts";
export { reportFigures, writeFigures } from "./figures.ts";
export { type InspectionTask, inspectModels } from "./inspect-models.ts";
export { inspectRun } from "./inspect-run.ts";
export { layerTable } from "./layer-table.ts";
export {
  type LayerMeasure,
  type LayerMeasures,
  type MeasureOptions,
  measureLayers,
  type Spread,
} from "./measure.ts";
export { readReport, writeReport } from "./report.ts";
export type { Report, ReportAttention, ReportLayer, ReportSpread } from "./report-schema.ts";
export { type SegmentMethod, type SegmentOptions, segmentImages } from "./segment/segment-images.ts";
export { listTensors, type TensorEntry } from "./tensor-list.ts";
export { claimFigure } from "./verification/figure.ts";
export {
  readVerification,
  type Verification,
  type VerifiedClaim,
  writeVerification,
} from "./verification/report.ts";
export { type VerifyRunOptions, verify } from "./verification/verify.ts";
export type { HeadCosines, Orthogonality, WeightMeasures } from "./weights.ts";

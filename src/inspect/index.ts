/** @file What each layer does: measures, reports, tables, figures. */

export type { Figure } from "../chart/index.ts";
export { type ClassAttention, classAttention } from "../measure/attention.ts";
export { reportFigures, writeFigures } from "../measure/figures.ts";
export { type InspectionTask, inspectModels } from "../measure/inspect-models.ts";
export { layerTable } from "../measure/layer-table.ts";
export {
  type LayerMeasure,
  type LayerMeasures,
  type MeasureOptions,
  measureLayers,
  type Spread,
} from "../measure/measure.ts";
export { readReport, writeReport } from "../measure/report.ts";
export type { Report, ReportAttention, ReportLayer, ReportSpread } from "../measure/report-schema.ts";
export { listTensors, type TensorEntry } from "../measure/tensor-list.ts";
export type { HeadCosines, Orthogonality, WeightMeasures } from "../measure/weights.ts";
export { claimFigure } from "../theory/verification/figure.ts";
export {
  readVerification,
  type Verification,
  type VerifiedClaim,
  writeVerification,
} from "../theory/verification/report.ts";
export { type VerifyRunOptions, verify } from "../theory/verification/verify.ts";
export { inspectRun } from "./inspect-run.ts";
export { type SegmentMethod, type SegmentOptions, segmentImages } from "./segment/segment-images.ts";

/** @file What is measured of layers and weights: measures, reports, tables, figures. */

export { type ClassAttention, classAttention } from "./attention.ts";
export { reportFigures, writeFigures } from "./figures.ts";
export { type InspectionTask, inspectModels } from "./inspect-models.ts";
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
export { listTensors, type TensorEntry } from "./tensor-list.ts";
export type { HeadCosines, Orthogonality, WeightMeasures } from "./weights.ts";

/** @file Models that travel: networks as graphs, and the formats that they are written in. */

export { type ExportOptions, exportModel } from "./export-model.ts";
export type { Exported, ExportedFile, Format, Job } from "./format.ts";
export { type FormatName, formatNames, formats } from "./formats/index.ts";
export { type GraphOfNetwork, graphOf, type Reference } from "./network.ts";
export { metadataOf, openSource, type Source } from "./open.ts";
export { inPrecision, PRECISIONS, type Precision } from "./precision.ts";

/** @file Runs and models looked into: reports, pictures, segments. */

export * from "../chart/index.ts";
export * from "../measure/index.ts";
export type { InspectDataOptions } from "./data-report.ts";
export { inspectOnData } from "./inspect-data.ts";
export { inspectWeights } from "./inspect-weights.ts";
export { type SegmentMethod, type SegmentOptions, segmentImages } from "./segment/segment-images.ts";
export { drawSamples, inspectRun, reconstructRun } from "./view-run.ts";

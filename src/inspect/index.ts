/** @file Runs and models looked into: reports, pictures, segments. */

export { inspectRun } from "./inspect-run.ts";
export { inspectWeights } from "./inspect-weights.ts";
export { type SegmentMethod, type SegmentOptions, segmentImages } from "./segment/segment-images.ts";

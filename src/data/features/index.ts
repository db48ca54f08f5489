/** @file Features from files, and into them. */

export { CLIP, type OnnxEncoder, type OnnxEncoderOptions, openEncoder } from "./encoder.ts";
export { PIXEL_TYPES, type PixelType } from "./encoder-ends.ts";
export type { ArrayNames, Features } from "./features.ts";
export { type ReadFeaturesOptions, readFeatures } from "./read.ts";
export { writeFeatures } from "./write.ts";

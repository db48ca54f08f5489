/** @file Building blocks of networks. */

export { type AttentionOptions, attention, attentionWeights, qkv, selfAttention } from "./attention.ts";
export { BatchNorm, type BatchNormOptions, synchronise } from "./batch-norm.ts";
export {
  Conv2d,
  type Conv2dOptions,
  ConvTranspose2d,
  conv2d,
  convTranspose2d,
  type Pair,
} from "./conv.ts";
export { Embedding, embedding } from "./embedding.ts";
export { kaimingUniform, linearUniform, truncatedNormal } from "./init.ts";
export { LayerNorm } from "./layer-norm.ts";
export { Linear, linear } from "./linear.ts";
export { Module } from "./module.ts";
export { normalLinear } from "./normal-linear.ts";
export { PatchConvolution, PatchEmbedding, patchify, unpatchify } from "./patch-embedding.ts";
export { averagePool2d, maxPool2d } from "./pool.ts";
export { modulePaths, modulesByPath, record, recordAll, recordChanged, tracked } from "./probe.ts";
export { SpectralConv2d, SpectralLinear, xavierUniform } from "./spectral-norm.ts";
export { toSphere } from "./sphere.ts";

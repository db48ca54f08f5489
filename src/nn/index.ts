/** @file Building blocks of networks. */

export { type AttentionOptions, attention, attentionWeights, selfAttention } from "./attention.ts";
export { kaimingUniform, linearUniform, truncatedNormal } from "./init.ts";
export { LayerNorm } from "./layer-norm.ts";
export { Linear, linear } from "./linear.ts";
export { Module } from "./module.ts";
export { PatchEmbedding, patchify } from "./patch-embedding.ts";
export { modulePaths, record } from "./probe.ts";

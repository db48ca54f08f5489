/** @file The recipe of a masked autoencoder: a CRATE-MAE, or a ViT-MAE for comparison. */
import { z } from "zod";
import { modelOf } from "../../recipe/model-part.ts";
import {
  amount,
  augment,
  augmentedImages,
  batchSize,
  betas,
  count,
  ema,
  epochs,
  graph,
  lr,
  matrixOptimizer,
  networkDescent,
  recipeOf,
  run,
  shardOptimizer,
  shards,
  times,
} from "../../recipe/parts.ts";

const model = modelOf("autoencoder");

const data = augmentedImages.extend({
  augment: augment
    .pick({ crop: true, flip: true, resizedCrop: true })
    .prefault({})
    .describe("augmentation of the training images"),
});

const method = z.strictObject({
  name: z.literal("mae").describe("method: how the model learns"),
  maskRatio: z.number().gt(0).lt(1).default(0.75).describe("share of the patches to remove"),
  normalisePixels: z
    .boolean()
    .default(false)
    .describe("normalise each target patch to mean 0 and standard deviation 1"),
  pool: z
    .enum(["cls", "mean", "all"])
    .default("cls")
    .describe("features for probes: the class token, the mean of the patch tokens, or all patch tokens"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  microBatch: count
    .exactOptional()
    .describe("images per backward pass; their gradients are summed (default: the whole batch)"),
  optimizer: matrixOptimizer,
  lr,
  weightDecay: amount.default(0.05).describe("weight decay of all parameters except biases and norms"),
  betas: betas.default([0.9, 0.95]).describe("β₁, β₂ of AdamW"),
  warmupEpochs: amount.default(0).describe("epochs of linear warm-up of the learning rate"),
  evalEvery: times.default(1).describe("epochs between evaluations"),
  ema,
  shards,
  graph,
  shardOptimizer,
  ...networkDescent,
  ...run,
});

export const maeRecipe = recipeOf({ model, data, method, train });

/** What a run of mae is made from, validated. */
export type MaeRecipe = z.infer<typeof maeRecipe>;

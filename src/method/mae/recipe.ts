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
  descent,
  ema,
  epochs,
  lr,
  recipeOf,
  run,
  times,
} from "../../recipe/parts.ts";

const model = modelOf("autoencoder");

const data = augmentedImages.extend({
  augment: augment
    .pick({ crop: true, flip: true, resizedCrop: true })
    .prefault({})
    .describe("random changes to the training images"),
});

const method = z.strictObject({
  name: z.literal("mae").describe("how the model learns"),
  maskRatio: z.number().gt(0).lt(1).default(0.75).describe("share of the patches that are removed"),
  normalisePixels: z
    .boolean()
    .default(false)
    .describe("predict patches with mean 0 and deviation 1 in place of the pixels themselves"),
  pool: z
    .enum(["cls", "mean", "all"])
    .default("cls")
    .describe(
      "feature of an image that probes read: the class token, or of the patches' tokens the mean or all",
    ),
});

const train = z.strictObject({
  epochs,
  batchSize,
  microBatch: count
    .exactOptional()
    .describe("images whose gradients are computed at once; the whole batch when not given"),
  lr,
  weightDecay: amount.default(0.05).describe("weight decay, on all parameters but biases and norms"),
  betas: betas.default([0.9, 0.95]).describe("averaging factors of AdamW"),
  warmupEpochs: amount.default(0).describe("epochs over which the learning rate rises linearly"),
  evalEvery: times.default(1).describe("epochs between evaluations"),
  ema,
  ...descent,
  ...run,
});

export const maeRecipe = recipeOf({ model, data, method, train });

/** What a run of mae is made from, validated. */
export type MaeRecipe = z.infer<typeof maeRecipe>;

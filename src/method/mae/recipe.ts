/** @file The recipe of a masked autoencoder: a CRATE-MAE, or a ViT-MAE for comparison. */
import { z } from "zod";
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
  layers,
  lr,
  patches,
  positive,
  recipeOf,
  run,
  times,
  tokenSizes,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z
    .enum([
      ...(["crate_mae_tiny", "crate_mae_small", "crate_mae_base", "crate_mae_large", "crate_mae"] as const),
      ...(["vit_mae_small", "vit_mae_base", "vit_mae_large", "vit_mae"] as const),
    ])
    .describe("architecture; crate_mae and vit_mae take their sizes from dim, depth and heads"),
  ...tokenSizes,
  decoderDim: width.exactOptional().describe("width of the decoder (vit_mae only; crate_mae's is dim)"),
  decoderDepth: layers
    .exactOptional()
    .describe("layers of the decoder (vit_mae only; crate_mae's are depth)"),
  decoderHeads: width.exactOptional().describe("heads of the decoder (vit_mae only)"),
  ...patches,
  step: positive.default(0.1).describe("step size η of ISTA (crate only)"),
  threshold: amount.default(0.5).describe("sparsity penalty λ of ISTA (crate only)"),
});

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

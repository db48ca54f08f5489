/** @file The recipe of a classifier that learns from labels: a CRATE, or a ViT for comparison. */
import { z } from "zod";
import {
  accumulate,
  amount,
  augmentedImages,
  batchSize,
  betas,
  descent,
  ema,
  epochs,
  init,
  initKey,
  lr,
  momentum,
  patches,
  positive,
  recipeOf,
  run,
  times,
  tokenSizes,
} from "../../recipe/parts.ts";

export const classifierModel = z.strictObject({
  name: z
    .enum([
      "crate_tiny",
      "crate_small",
      "crate_base",
      "crate_large",
      "crate",
      "crate_alpha_tiny",
      "crate_alpha_small",
      "crate_alpha_base",
      "crate_alpha_large",
      "crate_alpha_huge",
      "crate_alpha",
      "tost_tiny12",
      "tost_small12",
      "tost_tiny24",
      "tost_small24",
      "tost_medium24",
      "tost_large24",
      "tost",
      "aot",
      ...(["crate_mae_tiny", "crate_mae_small", "crate_mae_base", "crate_mae_large", "crate_mae"] as const),
      "vit_tiny",
      "vit_small",
      "vit_base",
      "vit",
    ])
    .describe(
      "architecture; crate, crate_mae (the encoder of one), crate_alpha, tost, aot and vit take their sizes from dim, depth and heads",
    ),
  ...tokenSizes,
  ...patches,
  step: positive.default(0.1).describe("step size η of ISTA (crate and crate_alpha only)"),
  threshold: amount.default(0.1).describe("sparsity penalty λ of ISTA (crate and crate_alpha only)"),
  pool: z
    .enum(["cls", "mean"])
    .default("cls")
    .describe("what the head reads: the class token or the mean of all (of tost always the class token)"),
  tiedOutput: z
    .boolean()
    .default(false)
    .describe(
      "write MSSA's output back through U itself, as derived, in place of a learned matrix (crate only)",
    ),
  residual: z
    .enum(["plain", "convex"])
    .default("plain")
    .describe("compression step: Z + MSSA(Z), or the convex combination of the two (crate only)"),
  sign: z
    .literal([1, -1])
    .default(1)
    .describe("sign in front of MSSA: 1 compresses, -1 steps the other way (crate only)"),
  skipFrom: z
    .enum(["raw", "normed"])
    .default("raw")
    .describe("tensor that MSSA's output is added to: the input, or the layer-normed input (crate only)"),
  sparsify: z
    .enum(["ista", "majorise"])
    .default("ista")
    .describe(
      "sparsification half-step: ISTA, or the majorisation step of the paper's ablation (crate only)",
    ),
});

const method = z.strictObject({
  name: z.literal("supervised").default("supervised").describe("how the model learns"),
  init: init.exactOptional(),
  initKey: initKey.exactOptional(),
  smoothing: z.number().min(0).lt(1).default(0.1).describe("label smoothing: share spread over all classes"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  accumulate,
  optimizer: z.enum(["adamw", "adam", "sgd", "lion"]).default("adamw").describe("optimiser"),
  lr,
  weightDecay: amount.default(0).describe("weight decay, on all parameters"),
  betas: betas
    .exactOptional()
    .describe("averaging factors; 0.9,0.999 for adam and adamw, 0.9,0.99 for lion when not given"),
  momentum: momentum.exactOptional().describe("momentum (sgd only)"),
  schedule: z
    .enum(["cosine", "linear", "step", "constant"])
    .default("cosine")
    .describe("how the learning rate falls; step: to a tenth after each third of the training"),
  warmupEpochs: amount.default(0).describe("epochs over which the learning rate rises linearly"),
  per: z.enum(["step", "epoch"]).default("step").describe("how often the schedule moves"),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("what the learning rate is multiplied by from each layer to the one before it"),
  ema,
  evalEvery: times.default(1).describe("epochs between evaluations"),
  ...descent,
  ...run,
  checkpointEvery: times.exactOptional().describe("steps between checkpoints; each epoch when not given"),
});

export const supervisedRecipe = recipeOf({
  model: classifierModel,
  data: augmentedImages,
  method: method.prefault({}),
  train,
});

/** What a run of supervised is made from, validated. */
export type SupervisedRecipe = z.infer<typeof supervisedRecipe>;

/** @file The recipe of a classifier that learns from labels: a CRATE, or a ViT for comparison. */
import { z } from "zod";
import { modelOf } from "../../recipe/model-part.ts";
import {
  accumulate,
  amount,
  augmentedImages,
  batchSize,
  betas,
  ema,
  epochs,
  graph,
  init,
  initKey,
  lr,
  momentum,
  networkDescent,
  recipeOf,
  run,
  shardOptimizer,
  shards,
  times,
} from "../../recipe/parts.ts";

export const classifierModel = modelOf("classifier");

const method = z.strictObject({
  name: z.literal("supervised").default("supervised").describe("method: how the model learns"),
  init: init.exactOptional(),
  initKey: initKey.exactOptional(),
  smoothing: z.number().min(0).lt(1).default(0.1).describe("label smoothing: share spread over all classes"),
  orthogonal: amount
    .default(0)
    .describe("weight of ‖U Uᵀ − I‖² / (K p) in the loss, which makes the subspaces of MSSA orthonormal"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  accumulate,
  optimizer: z.enum(["adamw", "adam", "sgd", "lion", "muon"]).default("adamw").describe("optimiser"),
  lr,
  weightDecay: amount.default(0).describe("weight decay of all parameters"),
  betas: betas.exactOptional().describe("β₁, β₂ (default: 0.9,0.999 for adam and adamw, 0.9,0.99 for lion)"),
  momentum: momentum.exactOptional().describe("momentum (default: 0 for sgd, 0.95 for muon)"),
  schedule: z
    .enum(["cosine", "linear", "step", "constant"])
    .default("cosine")
    .describe("schedule of the learning rate; step divides it by 10 after each third of the training"),
  warmupEpochs: amount.default(0).describe("epochs of linear warm-up of the learning rate"),
  per: z
    .enum(["step", "epoch"])
    .default("step")
    .describe("update the learning rate each optimiser step, or each epoch"),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("layer-wise decay: factor on the learning rate from each layer to the one before it"),
  ema,
  shards,
  graph,
  shardOptimizer,
  evalEvery: times.default(1).describe("epochs between evaluations"),
  ...networkDescent,
  ...run,
  checkpointEvery: times
    .exactOptional()
    .describe("optimiser steps between checkpoints (default: one per epoch)"),
});

export const supervisedRecipe = recipeOf({
  model: classifierModel,
  data: augmentedImages,
  method: method.prefault({}),
  train,
});

/** What a run of supervised is made from, validated. */
export type SupervisedRecipe = z.infer<typeof supervisedRecipe>;

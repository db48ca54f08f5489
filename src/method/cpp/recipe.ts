/** @file The recipe of a clustering by rate reduction. */
import { z } from "zod";
import {
  amount,
  batchSize,
  count,
  descent,
  epochs,
  epsilon,
  evalSteps,
  features,
  lr,
  momentum,
  positive,
  recipeOf,
  run,
  whole,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z
    .literal("cpp")
    .default("cpp")
    .describe("architecture: a head of two layers, with features and clusters as outputs"),
  hidden: width.default(4096).describe("width h of the head's hidden layers"),
  features,
  clusterHead: z
    .enum(["separate", "tied"])
    .default("separate")
    .describe("separate: clusters have their own layer; tied: they share that of the features"),
});

const data = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe(
      "source of the features: features:FILE, run:FOLDER (a run's encoder on its training images), or manifolds (synthetic)",
    ),
  dir: z
    .string()
    .min(1)
    .exactOptional()
    .describe("folder of the run's data set (default: VITRINE_DATA, else ./data)"),
  key: z
    .string()
    .exactOptional()
    .describe("name of the array of features in the file (default: found by its usual names)"),
  labels: z
    .string()
    .exactOptional()
    .describe("name of the array of labels in the file (default: found by its usual names, if any)"),
  classes: count.default(5).describe("number of manifolds (synthetic)"),
  perClass: count.default(400).describe("points per manifold (synthetic)"),
  dim: count.default(64).describe("dimension of the points (synthetic)"),
});

const method = z.strictObject({
  name: z.literal("cpp").describe("method: how the model learns"),
  clusters: count.describe("number of clusters K"),
  temperature: positive
    .default(0.175)
    .describe("temperature η of the memberships: small η gives a permutation, large η uniform rows"),
  epsilon: epsilon(Math.sqrt(0.1)),
  penalty: amount.default(0.05).describe("weight γ of ½ ‖Π‖² in the loss"),
  warmup: whole.default(50).describe("warm-up: the first optimiser steps, and one more, maximise R(Z) alone"),
  points: count.default(2000).describe("points that an evaluation clusters"),
  repeats: count.default(10).describe("clusterings whose scores `eval` averages"),
  counts: z
    .array(count)
    .default([5, 8, 9, 10, 15, 20, 30, 50])
    .describe("numbers of clusters that `eval` compares by coding length"),
});

const train = z.strictObject({
  epochs,
  batchSize: batchSize.default(1024),
  lr,
  clusterLr: lr.exactOptional().describe("learning rate of the cluster layer (default: lr)"),
  momentum: momentum.default(0.9).describe("momentum"),
  weightDecay: amount.default(1e-4).describe("weight decay of all layers except the cluster layer"),
  clusterWeightDecay: amount.default(5e-3).describe("weight decay of the cluster layer"),
  evalEvery: evalSteps,
  ...descent,
  ...run,
});

export const cppRecipe = recipeOf({ model, data, method, train });

/** What a run of cpp is made from, validated. */
export type CppRecipe = z.infer<typeof cppRecipe>;

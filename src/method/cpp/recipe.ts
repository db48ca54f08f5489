/** @file The recipe of a clustering by rate reduction. */
import { z } from "zod";
import {
  amount,
  batchSize,
  count,
  descent,
  epochs,
  evalSteps,
  features,
  lr,
  momentum,
  positive,
  precision,
  recipeOf,
  run,
  whole,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z.literal("cpp").default("cpp").describe("the head: two layers, then features and clusters"),
  hidden: width.default(4096).describe("width h of the head's hidden layers"),
  features,
  clusterHead: z
    .enum(["separate", "tied"])
    .default("separate")
    .describe("whether clusters have a layer of their own, or are those of the features"),
});

const data = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe(
      "where the features come from: features:FILE, run:FOLDER (the encoder of a run on its training images), or manifolds (synthetic)",
    ),
  dir: z
    .string()
    .min(1)
    .exactOptional()
    .describe("folder that has the images of a run; VITRINE_DATA when it is not given"),
  key: z.string().exactOptional().describe("name of the features in their file; found when not given"),
  labels: z
    .string()
    .exactOptional()
    .describe("name of the labels in the file; found when not given, none where there are none"),
  classes: count.default(5).describe("manifolds (synthetic)"),
  perClass: count.default(400).describe("points on a manifold (synthetic)"),
  dim: count.default(64).describe("dimension of the points (synthetic)"),
});

const method = z.strictObject({
  name: z.literal("cpp").describe("how the model learns"),
  clusters: count.describe("number of clusters K"),
  temperature: positive
    .default(0.175)
    .describe("η of the memberships: small is a permutation, large is uniform"),
  precision: precision(Math.sqrt(0.1)),
  penalty: amount.default(0.05).describe("weight of ½ ‖Π‖² in the loss"),
  warmup: whole.default(50).describe("first steps, and one more, raise R(Z) alone"),
  points: count.default(2000).describe("points that are clustered in an evaluation"),
  repeats: count.default(10).describe("clusterings whose scores are averaged in `eval`"),
  counts: z
    .array(count)
    .default([5, 8, 9, 10, 15, 20, 30, 50])
    .describe("numbers of clusters that `eval` tries by coding length"),
});

const train = z.strictObject({
  epochs,
  batchSize: batchSize.default(1024),
  lr,
  clusterLr: lr.exactOptional().describe("learning rate of the cluster layer; lr when not given"),
  momentum: momentum.default(0.9).describe("momentum"),
  weightDecay: amount.default(1e-4).describe("weight decay of all but the cluster layer"),
  clusterWeightDecay: amount.default(5e-3).describe("weight decay of the cluster layer"),
  evalEvery: evalSteps,
  ...descent,
  ...run,
});

export const cppRecipe = recipeOf({ model, data, method, train });

/** What a run of cpp is made from, validated. */
export type CppRecipe = z.infer<typeof cppRecipe>;

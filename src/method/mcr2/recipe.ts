/** @file The recipe of an encoder that learns by rate reduction, from labels or from views. */
import { z } from "zod";
import { modelOf, modelRule } from "../../recipe/model-part.ts";
import {
  amount,
  batchSize,
  components,
  count,
  descent,
  ema,
  epochs,
  epsilon,
  images,
  lr,
  momentum,
  positive,
  recipeOf,
  run,
  share,
  times,
  whole,
} from "../../recipe/parts.ts";
import type { Conflict } from "../entry.ts";
import { augmentConflict } from "../supervised/checks.ts";

const model = modelOf("encoder");

const data = images.extend({
  augment: z
    .strictObject({
      crop: whole
        .max(4096)
        .exactOptional()
        .describe("random crop: pad by this many pixels, then crop back to imageSize"),
      flip: z.boolean().exactOptional().describe("mirror each image left to right with probability ½"),
    })
    .prefault({})
    .describe("augmentation of the training images"),
  corruption: share.default(0).describe("share of the training labels to replace by random ones"),
  corruptionScheme: z
    .enum(["uniform", "symmetric", "pairs", "cifar"])
    .default("uniform")
    .describe(
      "how labels are replaced: any class, another class, the next class, or the class it is confused with",
    ),
});

const method = z.strictObject({
  name: z.literal("mcr2").describe("method: how the model learns"),
  classes: z
    .enum(["labels", "views"])
    .default("labels")
    .describe("what forms a class: a label, or the views of one image"),
  views: count.min(2).default(50).describe("views per image, including the image itself (classes: views)"),
  changes: z
    .enum(["cifar", "stl10", "mnist", "fmnist"])
    .default("cifar")
    .describe("augmentation that makes a view (classes: views)"),
  epsilon: epsilon(Math.SQRT1_2),
  gamma1: positive.default(1).describe("γ₁, factor inside the log-determinant of R(Z)"),
  gamma2: positive.default(1).describe("γ₂, weight of R(Z)"),
  components: components(30),
  neighbours: count.default(5).describe("k of the k-nearest-neighbour classifier"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  optimizer: z.enum(["sgd", "adam"]).default("sgd").describe("optimiser"),
  lr,
  momentum: momentum.default(0.9).describe("momentum (sgd only)"),
  weightDecay: amount.default(5e-4).describe("weight decay of all parameters"),
  milestones: z.array(count).default([]).describe("epochs after which the learning rate is divided by 10"),
  shuffle: z.boolean().default(false).describe("shuffle the images in each epoch; the authors do not"),
  evalEvery: times.exactOptional().describe("epochs between evaluations (default: only at the end)"),
  ema,
  ...descent,
  ...run,
});

export const mcr2Recipe = recipeOf({ model, data, method, train });

/** What a run of mcr2 is made from, validated. */
export type Mcr2Recipe = z.infer<typeof mcr2Recipe>;

/** The first rule that the recipe breaks, if any. */
export function mcr2Conflict(recipe: Mcr2Recipe): Conflict | undefined {
  const { batchSize } = recipe.train;
  const { classes, views } = recipe.method;
  if (classes === "views" && batchSize % views !== 0)
    return { path: "train.batchSize", message: `${batchSize} is no multiple of method.views ${views}` };
  return modelRule("encoder")(recipe) ?? augmentConflict(recipe);
}

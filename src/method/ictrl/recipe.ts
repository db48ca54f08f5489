/** @file The recipe of a closed-loop transcription of classes that come in groups. */
import { z } from "zod";
import {
  betas,
  components,
  count,
  descent,
  images,
  lr,
  positive,
  precision,
  recipeOf,
  run,
  times,
  whole,
} from "../../recipe/parts.ts";
import { closedLoopModel } from "../ctrl/recipe.ts";

const method = z.strictObject({
  name: z.literal("ictrl").describe("how the model learns"),
  tasks: count.default(5).describe("groups that the classes come in; divides their number"),
  lambda: positive.default(10).describe("λ, before the distances of the new classes"),
  gamma: positive.default(1).describe("γ, before those of the held classes"),
  precision: precision(1),
  directions: count.default(12).describe("principal directions of a class in the memory"),
  samples: count.default(30).describe("samples of each direction in the memory"),
  nearest: count.min(2).default(40).describe("features that a direction's Gaussian is fitted to"),
  bnMode: z
    .enum(["eval-affine-trainable", "train"])
    .default("eval-affine-trainable")
    .describe("statistics of batch normalisation after the first task: the first model's, or each batch's"),
  held: z
    .enum(["code", "paper"])
    .default("code")
    .describe("classes that are held: all but the last, as in the authors' code, or the old ones"),
  reviews: whole.default(0).describe("rounds over all tasks once the last is learned"),
  components: components(15),
});

const train = z.strictObject({
  firstSteps: times.describe("steps of the first model, on the first group alone"),
  firstBatchSize: count.default(1000).describe("images in a step of the first model"),
  firstLr: lr.default(1e-4).describe("learning rate of the first model"),
  epochs: count.describe("passes over the images of each later group"),
  batchSize: count
    .exactOptional()
    .describe(
      "new images in one step; as many as the memory holds, times the classes of a group, when not given",
    ),
  lr: lr.describe("learning rate of both players after the first group"),
  betas: betas.default([0.5, 0.999]).describe("Adam's averaging factors"),
  ...descent,
  ...run,
});

export const ictrlRecipe = recipeOf({ model: closedLoopModel, data: images, method, train });

/** What a run of ictrl is made from, validated. */
export type IctrlRecipe = z.infer<typeof ictrlRecipe>;

/** @file The recipe of a closed-loop transcription of classes that come in groups. */
import { z } from "zod";
import {
  betas,
  components,
  count,
  descent,
  epsilon,
  images,
  lr,
  positive,
  recipeOf,
  run,
  times,
  whole,
} from "../../recipe/parts.ts";
import { closedLoopModel } from "../ctrl/recipe.ts";

const method = z.strictObject({
  name: z.literal("ictrl").describe("method: how the model learns"),
  tasks: count
    .default(5)
    .describe("number of tasks, the groups of classes; must divide the number of classes"),
  lambda: positive.default(10).describe("λ, weight of the distances ΔR(Zₖ, Ẑₖ) of the new classes"),
  gamma: positive.default(1).describe("γ, weight of those of the held classes"),
  epsilon: epsilon(1),
  directions: count.default(12).describe("principal directions per class in the memory"),
  samples: count.default(30).describe("samples per direction in the memory"),
  nearest: count
    .min(2)
    .default(40)
    .describe("features that fit the Gaussian of a direction: those with the largest projections"),
  bnMode: z
    .enum(["eval-affine-trainable", "train"])
    .default("eval-affine-trainable")
    .describe(
      "statistics of batch normalisation after the first task: those of the first model, or of each batch",
    ),
  held: z
    .enum(["code", "paper"])
    .default("code")
    .describe("held classes: all but the last, as in the authors' code, or the old ones, as in the paper"),
  reviews: whole.default(0).describe("rounds of review over all tasks after the last one"),
  components: components(15),
});

const train = z.strictObject({
  firstSteps: times.describe("optimiser steps of the first model, on the first task"),
  firstBatchSize: count.default(1000).describe("images per optimiser step of the first model"),
  firstLr: lr.default(1e-4).describe("learning rate of the first model"),
  epochs: count.describe("epochs on each later task"),
  batchSize: count
    .exactOptional()
    .describe("new images per optimiser step (default: the size of the memory times the classes of a task)"),
  lr: lr.describe("learning rate of encoder and decoder after the first task"),
  betas: betas.default([0.5, 0.999]).describe("β₁, β₂ of Adam"),
  ...descent,
  ...run,
});

export const ictrlRecipe = recipeOf({ model: closedLoopModel, data: images, method, train });

/** What a run of ictrl is made from, validated. */
export type IctrlRecipe = z.infer<typeof ictrlRecipe>;

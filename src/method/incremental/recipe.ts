/** @file The recipe of a comparison: classes in groups, learned by other means than i-CTRL. */
import { z } from "zod";
import {
  channels,
  count,
  descent,
  epochs,
  features,
  images,
  layers,
  lr,
  positive,
  precision,
  recipeOf,
  run,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z
    .enum(["classifier", "redunet"])
    .default("classifier")
    .describe("i-CTRL's encoder with a linear head, or a ReduNet of pixels (strategy redunet)"),
  features,
  width: width.default(64).describe("channels of the encoder's first stage (classifier)"),
  layers: layers.default(10).describe("layers (redunet)"),
  step: positive.default(0.5).describe("η (redunet)"),
  sharpness: positive.default(500).describe("λ (redunet)"),
  channels,
});

const method = z.strictObject({
  name: z.literal("incremental").describe("how the model learns"),
  strategy: z
    .enum(["fine-tuning", "lwf", "icarl", "a-gem", "redunet"])
    .describe(
      "what keeps old classes: nothing, distillation, exemplars, gradients of a memory, Gram matrices",
    ),
  tasks: count.default(5).describe("groups that the classes come in; divides their number"),
  memory: count.default(2000).describe("images that are kept in all (icarl, a-gem)"),
  precision: precision(Math.sqrt(0.1)),
});

const train = z.strictObject({
  epochs: epochs.default(5),
  batchSize: count.default(128).describe("images in one step"),
  lr: lr.default(1e-3),
  ...descent,
  ...run,
});

export const incrementalRecipe = recipeOf({
  model: model.prefault({}),
  data: images,
  method,
  train: train.prefault({}),
});

/** What a run of incremental is made from, validated. */
export type IncrementalRecipe = z.infer<typeof incrementalRecipe>;

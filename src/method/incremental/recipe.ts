/** @file The recipe of a comparison: classes in groups, learned by other means than i-CTRL. */
import { z } from "zod";
import {
  count,
  descent,
  epochs,
  epsilon,
  features,
  images,
  layers,
  lr,
  positive,
  recipeOf,
  run,
  width,
} from "../../recipe/parts.ts";
import type { Conflict } from "../entry.ts";

const ABOUT =
  "architecture: i-CTRL's encoder with a linear head (classifier), or a ReduNet on pixels (strategy redunet)";

const classifier = z.strictObject({
  name: z.literal("classifier").describe(ABOUT),
  features,
  width: width.default(64).describe("channels of the encoder's first stage"),
});

const redunet = z.strictObject({
  name: z.literal("redunet").describe(ABOUT),
  layers: layers.default(10).describe("number of layers"),
  eta: positive.default(0.5).describe("step size η of a layer"),
  sharpness: positive.default(500).describe("λ of the soft assignment to classes"),
});

const method = z.strictObject({
  name: z.literal("incremental").describe("method: how the model learns"),
  strategy: z
    .enum(["fine-tuning", "lwf", "icarl", "a-gem", "redunet"])
    .describe(
      "defence against forgetting: none, distillation, exemplars, gradients on a memory, or Gram matrices",
    ),
  tasks: count
    .default(5)
    .describe("number of tasks, the groups of classes; must divide the number of classes"),
  memory: count.default(2000).describe("images kept in total (icarl, a-gem)"),
  epsilon: epsilon(Math.sqrt(0.1)),
});

const train = z.strictObject({
  epochs: epochs.default(5),
  batchSize: count.default(128).describe("images per optimiser step"),
  lr: lr.default(1e-3),
  ...descent,
  ...run,
});

export const incrementalRecipe = recipeOf({
  model: z.discriminatedUnion("name", [classifier, redunet]),
  data: images,
  method,
  train: train.prefault({}),
});

/** What a run of incremental is made from, validated. */
export type IncrementalRecipe = z.infer<typeof incrementalRecipe>;

/** A ReduNet is built by the strategy of its name, and by no other. */
export function incrementalConflict({ model, method }: IncrementalRecipe): Conflict | undefined {
  const expected = method.strategy === "redunet" ? "redunet" : "classifier";
  if (model.name === expected) return undefined;
  const message = `expected ${expected} for strategy ${method.strategy}, received ${model.name}`;
  return { path: "model.name", message };
}

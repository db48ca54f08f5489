/** @file The recipe of a closed-loop transcription. */
import { z } from "zod";
import { modelOf, modelRule } from "../../recipe/model-part.ts";
import {
  amount,
  batchSize,
  betas,
  components,
  count,
  descent,
  ema,
  evalSteps,
  images,
  lr,
  precision,
  recipeOf,
  run,
  steps,
} from "../../recipe/parts.ts";
import type { Conflict } from "../entry.ts";

export const closedLoopModel = modelOf("pair");

const method = z.strictObject({
  name: z.literal("ctrl").describe("how the model learns"),
  objective: z
    .enum(["multi", "binary", "features-first"])
    .default("multi")
    .describe("with labels, without, or with labels and all encoder steps but the last on ΔR(Z) alone"),
  inner: count.default(1).describe("encoder steps on each batch"),
  precision: precision(Math.SQRT1_2),
  gamma1: amount.default(1).describe("weight of ΔR(Z)"),
  gamma2: amount.default(1).describe("weight of ΔR(Ẑ)"),
  gamma3: amount.default(1).describe("weight of the distances between Z and Ẑ, class by class"),
  components: components(10),
});

const train = z.strictObject({
  steps,
  batchSize,
  lr: lr.describe("learning rate of both players at the start; it falls linearly to 0"),
  betas: betas
    .exactOptional()
    .describe("Adam's averaging factors; the authors' for these nets when not given"),
  evalEvery: evalSteps,
  ema,
  ...descent,
  ...run,
});

export const ctrlRecipe = recipeOf({ model: closedLoopModel, data: images, method, train });

/** What a run of ctrl is made from, validated. */
export type CtrlRecipe = z.infer<typeof ctrlRecipe>;

/** The first rule that the recipe breaks, if any. */
export function ctrlConflict(recipe: CtrlRecipe): Conflict | undefined {
  const { objective, inner } = recipe.method;
  if (objective !== "features-first" || inner >= 2) return modelRule("pair")(recipe);
  const message = `features-first needs 2 encoder steps on each batch or more, received ${inner}`;
  return { path: "method.inner", message };
}

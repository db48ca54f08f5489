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
  epsilon,
  evalSteps,
  images,
  lr,
  recipeOf,
  run,
  steps,
} from "../../recipe/parts.ts";
import type { Conflict } from "../entry.ts";

export const closedLoopModel = modelOf("pair");

const method = z.strictObject({
  name: z.literal("ctrl").describe("method: how the model learns"),
  objective: z
    .enum(["multi", "binary", "features-first"])
    .default("multi")
    .describe(
      "multi: with labels; binary: without; features-first: with labels, where all encoder steps on a batch except the last maximise ΔR(Z) alone",
    ),
  inner: count.default(1).describe("encoder steps per batch"),
  epsilon: epsilon(Math.SQRT1_2),
  gamma1: amount.default(1).describe("γ₁, weight of ΔR(Z)"),
  gamma2: amount.default(1).describe("γ₂, weight of ΔR(Ẑ)"),
  gamma3: amount.default(1).describe("γ₃, weight of the distances ΔR(Zₖ, Ẑₖ)"),
  components: components(10),
});

const train = z.strictObject({
  steps,
  batchSize,
  lr: lr.describe("initial learning rate of encoder and decoder; falls linearly to 0"),
  betas: betas.exactOptional().describe("β₁, β₂ of Adam (default: the authors' for this architecture)"),
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

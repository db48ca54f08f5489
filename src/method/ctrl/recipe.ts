/** @file The recipe of a closed-loop transcription. */
import { z } from "zod";
import {
  amount,
  batchSize,
  betas,
  channels,
  components,
  count,
  descent,
  ema,
  evalSteps,
  features,
  images,
  lr,
  precision,
  recipeOf,
  run,
  steps,
  width,
} from "../../recipe/parts.ts";
import type { Conflict } from "../entry.ts";

export const closedLoopModel = z.strictObject({
  name: z
    .enum([
      "ctrl_mnist",
      "ctrl_cifar",
      "ctrl_cifar_double",
      "ictrl",
      "ctrl_sngan_32",
      "ctrl_sngan_48",
      "ctrl_sngan_128",
    ])
    .describe("encoder and decoder"),
  features,
  width: width
    .exactOptional()
    .describe(
      "channels of the encoder's first stage, or of the decoder's start (sngan); the authors' when not given",
    ),
  channels,
});

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
export function ctrlConflict({ method: { objective, inner } }: CtrlRecipe): Conflict | undefined {
  if (objective !== "features-first" || inner >= 2) return undefined;
  const message = `features-first needs 2 encoder steps on each batch or more, received ${inner}`;
  return { path: "method.inner", message };
}

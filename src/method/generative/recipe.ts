/** @file The recipe of a comparator of closed-loop transcription on its nets: an autoencoder or adversarial nets. */
import { z } from "zod";
import {
  amount,
  batchSize,
  channels,
  components,
  descent,
  ema,
  evalSteps,
  features,
  images,
  lr,
  recipeOf,
  run,
  steps,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z
    .enum(["vae", "dcgan", "sngan"])
    .describe("architecture: the nets of CTRL with the heads of this model"),
  features,
  width: width
    .exactOptional()
    .describe(
      "channels of the encoder's first stage, or of the decoder's first layer (sngan) (default: CTRL's)",
    ),
  channels,
});

const method = z.strictObject({
  name: z.literal("generative").describe("method: how the model learns"),
  beta: amount.default(1).describe("β, weight of the KL divergence (vae)"),
  components: components(10),
});

const train = z.strictObject({
  steps,
  batchSize,
  lr: lr.describe("learning rate of both networks"),
  evalEvery: evalSteps,
  ema,
  ...descent,
  ...run,
});

export const generativeRecipe = recipeOf({ model, data: images, method, train });

/** What a run of generative is made from, validated. */
export type GenerativeRecipe = z.infer<typeof generativeRecipe>;

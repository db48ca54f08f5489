/** @file The recipe of a probe: a linear classifier and nearest neighbours on the features of a frozen network. */
import { z } from "zod";
import {
  amount,
  batchSize,
  count,
  descent,
  epochs,
  init,
  initKey,
  lr,
  normalisedImages,
  recipeOf,
  run,
} from "../../recipe/parts.ts";
import { classifierModel } from "../supervised/recipe.ts";

const method = z.strictObject({
  name: z.literal("probe").describe("method: how the model learns"),
  init: init.exactOptional(),
  initKey: initKey.exactOptional(),
  neighbours: count.default(20).describe("k of the k-nearest-neighbour classifier"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  lr,
  warmupEpochs: amount.default(0).describe("epochs of linear warm-up of the learning rate"),
  precision: descent.precision,
  ...run,
});

export const probeRecipe = recipeOf({ model: classifierModel, data: normalisedImages, method, train });

/** What a run of probe is made from, validated. */
export type ProbeRecipe = z.infer<typeof probeRecipe>;

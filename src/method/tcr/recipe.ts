/** @file The recipe of features without labels, from two views of each image, by their total coding rate. */
import { z } from "zod";
import { modelOf } from "../../recipe/model-part.ts";
import {
  amount,
  batchSize,
  components,
  count,
  descent,
  ema,
  epochs,
  images,
  lr,
  positive,
  recipeOf,
  run,
  times,
} from "../../recipe/parts.ts";

const model = modelOf("encoder");

const method = z.strictObject({
  name: z.literal("tcr").describe("how the model learns"),
  objective: z
    .enum(["nmce", "mlc"])
    .default("nmce")
    .describe(
      "the mean of both views' rates and their mean cosine, or the rate of their mean and all |cosines|",
    ),
  alignment: positive.default(30).describe("λ, the weight of the agreement of the two views"),
  precision: positive
    .exactOptional()
    .describe("ε, to which features are coded; √0.2 for nmce and √0.1 for mlc when not given"),
  changes: z
    .enum(["cifar", "stl10", "mnist", "fmnist"])
    .default("cifar")
    .describe("which random changes make a view"),
  components: components(10),
  neighbours: count.default(5).describe("k of the k-nearest-neighbour classifier"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  optimizer: z.enum(["lars", "adam"]).default("lars").describe("optimiser"),
  lr,
  warmupEpochs: amount.default(10).describe("epochs over which the learning rate rises linearly"),
  weightDecay: amount.default(1e-4).describe("weight decay; lars leaves out biases and norms"),
  evalEvery: times
    .exactOptional()
    .describe("epochs between evaluations; only the end is evaluated when not given"),
  ema,
  ...descent,
  ...run,
});

export const tcrRecipe = recipeOf({ model, data: images, method, train });

/** What a run of tcr is made from, validated. */
export type TcrRecipe = z.infer<typeof tcrRecipe>;

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
  name: z.literal("tcr").describe("method: how the model learns"),
  objective: z
    .enum(["nmce", "mlc"])
    .default("nmce")
    .describe(
      "nmce: mean rate of the two views and mean cosine; mlc: rate of the mean view and sum of |cosine|",
    ),
  alignment: positive.default(30).describe("λ, weight of the cosine between the two views"),
  epsilon: positive
    .exactOptional()
    .describe("distortion ε of the coding rates (default: √0.2 for nmce, √0.1 for mlc)"),
  changes: z
    .enum(["cifar", "stl10", "mnist", "fmnist"])
    .default("cifar")
    .describe("augmentation that makes a view"),
  components: components(10),
  neighbours: count.default(5).describe("k of the k-nearest-neighbour classifier"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  optimizer: z.enum(["lars", "adam"]).default("lars").describe("optimiser"),
  lr,
  warmupEpochs: amount.default(10).describe("epochs of linear warm-up of the learning rate"),
  weightDecay: amount.default(1e-4).describe("weight decay (lars: except biases and norms)"),
  evalEvery: times.exactOptional().describe("epochs between evaluations (default: only at the end)"),
  ema,
  ...descent,
  ...run,
});

export const tcrRecipe = recipeOf({ model, data: images, method, train });

/** What a run of tcr is made from, validated. */
export type TcrRecipe = z.infer<typeof tcrRecipe>;

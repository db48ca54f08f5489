/** @file The recipe of self-distillation: DINO or SimDINO, with a CRATE or a ViT. */
import { z } from "zod";
import { size } from "../../base/bounds.ts";
import { modelOf } from "../../recipe/model-part.ts";
import {
  amount,
  batchSize,
  count,
  descent,
  epochs,
  lr,
  matrixOptimizer,
  momentum,
  normalisedImages,
  positive,
  recipeOf,
  run,
  shardOptimizer,
  times,
  whole,
  width,
} from "../../recipe/parts.ts";

const model = modelOf("backbone", {
  hidden: width.default(2048).describe("width of the head's hidden layers"),
  bottleneck: width.default(256).describe("dimension of the head's features, which have length 1"),
  prototypes: width.default(65536).describe("number of prototypes of the head (objective dino)"),
  unitPrototypes: z
    .boolean()
    .default(true)
    .describe("keep the prototypes at length 1, which trains more stably"),
});

const scale = z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]);

const method = z.strictObject({
  name: z.literal("dino").describe("method: how the model learns"),
  objective: z
    .enum(["dino", "simdino"])
    .default("dino")
    .describe(
      "dino: cross entropy with sharpened, centred targets; simdino: cosine of features and their coding rate",
    ),
  localCrops: whole.default(8).describe("small crops per image, besides the two large ones"),
  localSize: size
    .default(96)
    .describe("side of a small square crop in pixels, or height,width; a multiple of patch"),
  globalScale: scale.default([0.4, 1]).describe("smallest and largest share of the area of a large crop"),
  localScale: scale.default([0.05, 0.4]).describe("smallest and largest share of the area of a small crop"),
  teacherMomentum: momentum.default(0.996).describe("initial m of θ_t ← m θ_t + (1 − m) θ_s; rises to 1"),
  studentTemperature: positive.default(0.1).describe("temperature of the student's softmax (dino)"),
  teacherTemperature: positive.default(0.04).describe("temperature of the teacher's softmax (dino)"),
  firstTemperature: positive.default(0.04).describe("initial temperature of the teacher (dino)"),
  temperatureEpochs: whole.default(0).describe("epochs from firstTemperature to teacherTemperature (dino)"),
  centreMomentum: momentum
    .default(0.9)
    .describe("momentum of the centre, the running mean of the teacher's outputs (dino)"),
  frozenEpochs: whole.default(1).describe("epochs with fixed prototypes, at the start (dino)"),
  alignment: positive.default(1).describe("λ, weight of the cosine between crops (simdino)"),
  epsilon: positive
    .default(Math.SQRT1_2)
    .describe("distortion ε of the coding rate; the authors' eps is ε² (simdino)"),
  spread: z
    .enum(["mean", "student"])
    .default("mean")
    .describe(
      "features whose coding rate is maximised: the mean of student and teacher, or the student's (simdino)",
    ),
  neighbours: count.default(20).describe("k of the k-nearest-neighbour classifier"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  optimizer: matrixOptimizer,
  lr,
  minLr: amount.default(1e-6).describe("final learning rate of the cosine schedule"),
  warmupEpochs: amount.default(10).describe("epochs of linear warm-up of the learning rate"),
  weightDecay: amount
    .default(0.04)
    .describe("initial weight decay of all parameters except biases and norms"),
  weightDecayEnd: amount.default(0.4).describe("final weight decay of its cosine schedule"),
  clipGrad: positive
    .exactOptional()
    .describe("clip the gradient of each parameter to this norm (default: no clipping)"),
  evalEvery: times.default(1).describe("epochs between evaluations"),
  precision: descent.precision,
  shardOptimizer,
  ...run,
});

export const dinoRecipe = recipeOf({ model, data: normalisedImages, method, train });

/** What a run of dino is made from, validated. */
export type DinoRecipe = z.infer<typeof dinoRecipe>;

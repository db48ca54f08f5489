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
  momentum,
  normalisedImages,
  positive,
  recipeOf,
  run,
  times,
  whole,
  width,
} from "../../recipe/parts.ts";

const model = modelOf("backbone", {
  hidden: width.default(2048).describe("width of the head's hidden layers"),
  bottleneck: width.default(256).describe("dimension of the sphere on which the head's features lie"),
  prototypes: width.default(65536).describe("prototypes that DINO's head compares with (objective dino)"),
  unitPrototypes: z
    .boolean()
    .default(true)
    .describe("keep prototypes at length 1; steadier, and a little worse when it works without"),
});

const scale = z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]);

const method = z.strictObject({
  name: z.literal("dino").describe("how the model learns"),
  objective: z
    .enum(["dino", "simdino"])
    .default("dino")
    .describe("cross entropy of sharpened, centred targets, or agreement and coding rate of features"),
  localCrops: whole.default(8).describe("small crops of each image besides the two large ones"),
  localSize: size
    .default(96)
    .describe("side of a small square crop in pixels, or height,width; a multiple of patch"),
  globalScale: scale.default([0.4, 1]).describe("smallest and largest share of the area of a large crop"),
  localScale: scale.default([0.05, 0.4]).describe("smallest and largest share of the area of a small crop"),
  teacherMomentum: momentum
    .default(0.996)
    .describe("m of θ_t ← m θ_t + (1 − m) θ_s at the start; 1 at the end"),
  studentTemperature: positive.default(0.1).describe("temperature of the student's softmax (dino)"),
  teacherTemperature: positive.default(0.04).describe("temperature of the teacher's softmax (dino)"),
  firstTemperature: positive.default(0.04).describe("the teacher's temperature at the start (dino)"),
  temperatureEpochs: whole
    .default(0)
    .describe("epochs over which it goes from firstTemperature to teacherTemperature (dino)"),
  centreMomentum: momentum.default(0.9).describe("of the running mean of the teacher's outputs (dino)"),
  frozenEpochs: whole.default(1).describe("epochs in which the prototypes stay as they are (dino)"),
  alignment: positive.default(1).describe("λ, the weight of the agreement of crops (simdino)"),
  precision: positive
    .default(Math.SQRT1_2)
    .describe("ε, to which features are coded; the authors' eps is ε² (simdino)"),
  spread: z
    .enum(["mean", "student"])
    .default("mean")
    .describe("whose rate is raised: of the mean of student and teacher, or of the student (simdino)"),
  neighbours: count.default(20).describe("k of the k-nearest-neighbour classifier"),
});

const train = z.strictObject({
  epochs,
  batchSize,
  lr,
  minLr: amount.default(1e-6).describe("learning rate at the end of the cosine"),
  warmupEpochs: amount.default(10).describe("epochs over which the learning rate rises linearly"),
  weightDecay: amount
    .default(0.04)
    .describe("weight decay at the start, on all parameters but biases and norms"),
  weightDecayEnd: amount.default(0.4).describe("weight decay at the end; half a cosine lies between"),
  clipGrad: positive
    .exactOptional()
    .describe("largest norm of one parameter's gradient; not clipped when not given"),
  evalEvery: times.default(1).describe("epochs between evaluations"),
  precision: descent.precision,
  ...run,
});

export const dinoRecipe = recipeOf({ model, data: normalisedImages, method, train });

/** What a run of dino is made from, validated. */
export type DinoRecipe = z.infer<typeof dinoRecipe>;

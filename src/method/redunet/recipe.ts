/** @file The recipe of a network that is built from data, layer by layer. */
import { z } from "zod";
import {
  amount,
  channels,
  components,
  count,
  images,
  pixels,
  positive,
  precision,
  recipeOf,
  run,
  whole,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z.literal("redunet").default("redunet").describe("architecture"),
  layers: count.max(10_000).describe("number of layers"),
  step: positive.default(0.5).describe("step size η of a layer"),
  sharpness: positive.default(500).describe("λ of the soft assignment to classes"),
  dftNorm: z
    .enum(["ortho", "backward"])
    .default("ortho")
    .describe("how spectra are scaled; backward makes the objective the rate of all shifts"),
  lift: width
    .exactOptional()
    .describe("channels of the random convolution before the first layer; none when not given"),
  kernel: pixels.default(9).describe("side of that convolution's kernel"),
  channels,
});

const data = images.extend({
  name: z
    .string()
    .min(1)
    .describe(
      "data set of images, or gaussian2d, gaussian3d: points around centres on the circle and the sphere",
    ),
  form: z
    .enum(["vectors", "rotation", "translation"])
    .default("vectors")
    .describe(
      "what a sample is: all pixels, circles around the centre (turns are shifts), the image (translations are)",
    ),
  classes: z.array(whole).exactOptional().describe("classes that are used; all when not given"),
  perClass: count.describe("training samples of each class"),
  testPerClass: count
    .exactOptional()
    .describe(
      "test samples of each class; all there are when not given, as many as training ones for gaussians",
    ),
  set: count.default(1).describe("which centres: 1 to 8 for gaussian2d, 1 to 3 for gaussian3d"),
  noise: amount.default(0.1).describe("deviation around the centres (gaussians)"),
  radii: count.default(15).describe("circles (rotation)"),
  angles: count.default(200).describe("angles on a circle (rotation)"),
});

const method = z.strictObject({
  name: z.literal("redunet").describe("how the model learns"),
  precision: precision(Math.sqrt(0.1)),
  components: components(10),
  neighbours: count.default(5).describe("k of the k-nearest-neighbour classifier"),
  shifts: whole.default(2).describe("shifts to either side that the test samples are evaluated at"),
  stride: count.default(4).describe("distance of two of these shifts"),
});

const train = z
  .strictObject({
    ...run,
    checkpointEvery: count
      .exactOptional()
      .describe("layers between checkpoints; only the end is saved when not given"),
    logInterval: count.default(1).describe("layers between lines of metrics"),
  })
  .prefault({});

export const redunetRecipe = recipeOf({ model, data, method, train });

/** What a run of redunet is made from, validated. */
export type RedunetRecipe = z.infer<typeof redunetRecipe>;

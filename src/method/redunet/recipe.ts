/** @file The recipe of a network that is built from data, layer by layer. */
import { z } from "zod";
import {
  amount,
  components,
  count,
  epsilon,
  images,
  pixels,
  positive,
  recipeOf,
  run,
  whole,
  width,
} from "../../recipe/parts.ts";

const model = z.strictObject({
  name: z
    .literal("redunet")
    .default("redunet")
    .describe("architecture: layers built from data, one after the other"),
  layers: count.max(10_000).describe("number of layers"),
  eta: positive.default(0.5).describe("step size η of a layer"),
  sharpness: positive.default(500).describe("λ of the soft assignment to classes"),
  dftNorm: z
    .enum(["ortho", "backward"])
    .default("ortho")
    .describe("scale of the Fourier transform; with backward, the objective is the rate of all shifts"),
  lift: width
    .exactOptional()
    .describe("channels of the random convolution before the first layer (default: no convolution)"),
  kernel: pixels.default(9).describe("side of that convolution's kernel"),
});

const data = images.extend({
  name: z
    .string()
    .min(1)
    .describe(
      "data set of images, or gaussian2d, gaussian3d: points around centres on the circle or the sphere",
    ),
  form: z
    .enum(["vectors", "rotation", "translation"])
    .default("vectors")
    .describe(
      "a sample: all pixels as a vector, circles around the centre (rotations become shifts), or the image (translations become shifts)",
    ),
  classes: z.array(whole).exactOptional().describe("classes to use (default: all)"),
  perClass: count.describe("training samples per class"),
  testPerClass: count
    .exactOptional()
    .describe("test samples per class (default: all; gaussians: as many as training samples)"),
  set: count.default(1).describe("set of centres: 1 to 8 for gaussian2d, 1 to 3 for gaussian3d"),
  noise: amount.default(0.1).describe("standard deviation around the centres (gaussians)"),
  radii: count.default(15).describe("number of circles (rotation)"),
  angles: count.default(200).describe("angles per circle (rotation)"),
});

const method = z.strictObject({
  name: z.literal("redunet").describe("method: how the model learns"),
  epsilon: epsilon(Math.sqrt(0.1)),
  components: components(10),
  neighbours: count.default(5).describe("k of the k-nearest-neighbour classifier"),
  shifts: whole.default(2).describe("shifts to either side at which the test samples are evaluated"),
  stride: count.default(4).describe("distance between two of these shifts"),
});

const train = z
  .strictObject({
    ...run,
    checkpointEvery: count.exactOptional().describe("layers between checkpoints (default: only at the end)"),
    logInterval: count.default(1).describe("layers between lines of metrics"),
  })
  .prefault({});

export const redunetRecipe = recipeOf({ model, data, method, train });

/** What a run of redunet is made from, validated. */
export type RedunetRecipe = z.infer<typeof redunetRecipe>;

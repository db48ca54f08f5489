/** @file What the schemas of several methods share: kinds of values, the data, how a run is kept. */
import { z } from "zod";
import { count, positive, times, whole } from "../base/bounds.ts";

export { amount, count, layers, pixels, positive, share, times, whole, width } from "../base/bounds.ts";
export { channels, features } from "../model/settings.ts";

/** `text` for people who write a wrong value: what the pattern means. */
export const patterned = (pattern: RegExp, expected: string) => z.string().regex(pattern).meta({ expected });
export const batchSize = count.describe("images per optimiser step");
export const epochs = count.describe("epochs: passes over the training images");
export const steps = times.describe("optimiser steps in all");
export const init = z
  .string()
  .min(1)
  .describe(
    "initial weights: a run folder, a checkpoint, a file of safetensors or PyTorch, or hf:OWNER/NAME[@REVISION][/FILE]",
  );
export const initKey = z
  .string()
  .min(1)
  .describe(
    "part of that file that has the weights, such as state_dict_ema or teacher.backbone (default: found)",
  );
export const lr = positive.describe("highest learning rate, after the warm-up");
/** ε of the rates. @param authors the method's own */
export const epsilon = (authors: number) =>
  positive.default(authors).describe("distortion ε of the coding rates (the authors' eps is ε²)");
export const components = (n: number) =>
  count.default(n).describe("principal directions per class in the nearest-subspace classifier");
export const momentum = z.number().min(0).lt(1);
export const betas = z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]);

/** What is kept from training to choose settings and checkpoints by. */
export const validation = z
  .number()
  .gt(0)
  .lt(1)
  .exactOptional()
  .describe(
    "share of the training data to hold out by seed, such as 0.1: evaluations and the best checkpoint are by it (default: nothing is held out, and they are by the test data)",
  );

/** Data sets of images, as they are. */
export const images = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe(
      "data set (`vitrine data ls` lists them), folder:PATH for a folder of images, or shards:PATH for .tar or .parquet files",
    ),
  dir: z.string().min(1).exactOptional().describe("folder of data sets (default: VITRINE_DATA, else ./data)"),
  workers: z
    .int()
    .min(0)
    .max(64)
    .default(2)
    .describe("threads that decode images; 0 decodes in the main thread"),
  damaged: z
    .enum(["stop", "skip"])
    .default("stop")
    .describe("images in files that cannot be read: end the run, or skip and count them"),
  validation,
});

/** Random changes to training images. */
export const augment = z.strictObject({
  crop: whole
    .max(4096)
    .exactOptional()
    .describe("random crop: pad by this many pixels, then crop back to imageSize"),
  flip: z.boolean().exactOptional().describe("mirror each image left to right with probability ½"),
  resizedCrop: z
    .tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)])
    .exactOptional()
    .describe("random resized crop: smallest and largest share of the area, such as 0.08,1"),
  randAugment: z
    .tuple([count, z.number().min(0).max(30)])
    .exactOptional()
    .describe("RandAugment: operations per image and their magnitude, 0 to 30, such as 2,14"),
  mixup: positive.exactOptional().describe("mixup: both parameters of the Beta(α, α) distribution"),
  erase: z
    .number()
    .min(0)
    .max(1)
    .exactOptional()
    .describe("random erasing: probability of erasing a rectangle"),
});

const normalise = z
  .enum(["dataset", "imagenet", "none"])
  .default("dataset")
  .describe("mean and standard deviation that normalise the pixels");

/** Images as a network takes them. */
export const normalisedImages = images.extend({ normalise });

/** Images changed at random in training. */
export const augmentedImages = images.extend({
  augment: augment.prefault({}).describe("augmentation of the training images"),
  normalise,
  resident: z
    .enum(["auto", "always", "never"])
    .default("auto")
    .describe(
      "keep decoded training images on the device as bytes; auto does on a GPU, up to 1 GiB of a set that is no folder of files",
    ),
});

/** How parameters go down losses. A method takes those that it has a use for. */
export const descent = {
  precision: z.enum(["fp32", "bf16"]).default("fp32").describe("number format of the matrix products"),
  clipGrad: positive.exactOptional().describe("largest norm of the gradient; longer ones are scaled down"),
};
/** Of losses that are no rates: their products may be of TF32 too. */
export const networkDescent = {
  ...descent,
  precision: z
    .enum(["fp32", "tf32", "bf16"])
    .default("fp32")
    .describe("number format of the matrix products; tf32 is for GPUs, and is fp32 elsewhere"),
};
export const graph = z
  .boolean()
  .default(false)
  .describe(
    "make steps from buffers that stay, and on a GPU replay them from a CUDA graph, captured after three steps",
  );
export const accumulate = count
  .default(1)
  .describe("batches whose gradients are averaged before the optimiser steps");
export const shards = count
  .max(1024)
  .exactOptional()
  .describe(
    "fixed parts of a batch, a power of two, whose gradients are added in a tree: equal bits on 1, 2, 4 … processes",
  );
export const shardOptimizer = z
  .boolean()
  .exactOptional()
  .describe("each of several processes keeps the optimiser's moments of its part of the weights alone");
export const ema = z
  .number()
  .gt(0)
  .lt(1)
  .exactOptional()
  .describe("decay of a moving average of the weights, evaluated and saved beside them");

/** Where AdamW is the authors'. */
export const matrixOptimizer = z
  .enum(["adamw", "muon"])
  .default("adamw")
  .describe("optimiser; muon moves hidden matrices, and adamw the rest");

/** How any run is computed, logged and kept. */
export const run = {
  device: patterned(/^(auto|cpu|cuda|cuda:\d{1,3})$/, "auto, cpu, cuda or cuda:N")
    .default("auto")
    .describe("device of the tensors; auto takes a GPU if one is found"),
  threads: count.max(1024).exactOptional().describe("CPU threads of libtorch (default: all cores)"),
  checkpointEvery: times
    .exactOptional()
    .describe("optimiser steps between checkpoints (default: one per evaluation)"),
  keep: times.default(3).describe("number of newest checkpoints to keep, besides the best"),
  logInterval: times.default(10).describe("optimiser steps between lines of metrics"),
  deterministic: z
    .boolean()
    .default(false)
    .describe("use deterministic operators; warn where an operator has no deterministic form"),
};
export const evalSteps = times
  .exactOptional()
  .describe("optimiser steps between evaluations (default: only at the end)");

/** A recipe of one method. Unknown keys are refused at every level. */
export const recipeOf = <
  M extends z.ZodType,
  D extends z.ZodType,
  H extends z.ZodType,
  T extends z.ZodType,
>(parts: {
  model: M;
  data: D;
  method: H;
  train: T;
}) =>
  z.strictObject({
    name: patterned(
      /^[a-z0-9][a-z0-9._-]{0,63}$/,
      "small letters, digits, dots and dashes, up to 64",
    ).describe("name of the recipe; part of the run folder's name"),
    about: z.string().default("").describe("one line about the recipe"),
    ...parts,
    seed: z.int().min(0).max(0xffffffff).default(42).describe("random seed"),
  });

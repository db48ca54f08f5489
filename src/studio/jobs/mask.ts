/** @file A masked autoencoder's image with patches that somebody removed, and what it makes of them. */

import { z } from "zod";
import { normalisation } from "../../data/index.ts";
import { openRunOf } from "../../method/load-run.ts";
import type { Mae } from "../../method/mae/errors.ts";
import { reconstruct } from "../../method/mae/pictures.ts";
import { restoreMae } from "../../method/mae/run.ts";
import { maskedError, meanFill, patchGrid, randomMask } from "../../model/index.ts";
import { patchify } from "../../nn/index.ts";
import { random, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import type { MaskAnswer, MaskAsked } from "../shapes.ts";
import { checked, image } from "./asked.ts";
import { heldSplit, withImagesAt } from "./images.ts";
import { fromPixels, toPixels } from "./pixels.ts";

const schema = z.object({
  ...image,
  mask: z.array(z.literal([0, 1])).optional(),
}) satisfies z.ZodType<MaskAsked>;

/** @throws {UsageError} a run of another method, a mask of another grid, or one that removes nothing or everything */
export async function mask(folder: string, asked: unknown): Promise<MaskAnswer> {
  const { checkpoint: which, split, index, image: given, mask: painted } = checked(schema, asked);
  const { recipe, checkpoint } = openRunOf(folder, which, ["mae"], "painting a mask");
  try {
    using mae = restoreMae(recipe, checkpoint);
    mae.eval();
    const { imageSize } = mae.options;
    const { maskRatio, normalisePixels } = recipe.method;
    const source = await heldSplit(recipe, split);
    return await withImagesAt(source, [given === undefined ? index : 0], imageSize, (images) => {
      const pixels = given === undefined ? images : fromPixels(given, images.shape.slice(1)).unsqueeze(0);
      const M = maskOf(mae, painted, maskRatio, index); //                      [1, N]
      const { mean, std } = normalisation(source, recipe.data.normalise);
      const constant = (values: readonly number[]) => tensor([...values]).reshape([1, values.length, 1, 1]);
      const X = pixels.sub(constant(mean)).div(constant(std));
      const made = reconstruct(mae, X, M, normalisePixels).mul(constant(std)).add(constant(mean));
      return { ...judged(mae, pixels, made, M), maskRatio };
    });
  } finally {
    freeCheckpoint(checkpoint);
  }
}

/** What was painted, or as many patches at random as training removes. */
function maskOf(mae: Mae, painted: readonly number[] | undefined, ratio: number, index: number): Tensor {
  const [rows, columns] = patchGrid(mae.options);
  const N = rows * columns;
  if (painted === undefined) return randomMask(random(1).at(`mask.${index}`).uniform([1, N]), ratio);
  if (painted.length !== N || new Set(painted).size < 2)
    throw new UsageError(`mask: expected ${N} numbers, some 0 and some 1, got ${painted.length}`);
  return tensor([...painted]).reshape([1, N]);
}

/** Errors in pixels of 0 … 1: images [1, c, H, W], mask M [1, N]. */
function judged(mae: Mae, pixels: Tensor, made: Tensor, M: Tensor): Omit<MaskAnswer, "maskRatio"> {
  const { patch } = mae.options;
  const [truth, guess] = [patchify(pixels, patch), patchify(made, patch)]; //     [1, N, q]
  return {
    ...{ grid: patchGrid(mae.options), mask: M.numbers() },
    ...{ original: toPixels(pixels.select(0, 0)), made: toPixels(made.select(0, 0)) },
    errors: guess.sub(truth).square().mean(-1).select(0, 0).numbers(),
    error: maskedError(guess, truth, M).item(),
    meanFill: maskedError(meanFill(truth, M, pixels.size(1)), truth, M).item(),
  };
}

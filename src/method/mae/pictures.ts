/** @file Pictures of a masked autoencoder: original, masked, reconstructed, side by side. */

import type { Size } from "../../base/size.ts";
import { gridPixels, type Pixels } from "../../chart/pixels.ts";
import { batches } from "../../data/index.ts";
import { type Grid, patchGrid, randomMask } from "../../model/index.ts";
import { patchify, unpatchify } from "../../nn/index.ts";
import { noGrad, random, scope, stack, type Tensor, tensor, UsageError, zeros } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { someOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { ReconstructOptions } from "../views.ts";
import { writePicture } from "../write-picture.ts";
import type { Mae } from "./errors.ts";
import { maeBatches, restoreMae } from "./run.ts";

/**
 * Images, what the model sees of them, and what it makes of that: visible patches stay, the others are predicted.
 *
 * @param images normalised, [b, c, H, W]
 * @param mask [b, N], 1 where a patch is removed
 * @param normalisedPixels predictions have mean 0 and deviation 1: those of the true patches are put back
 * @returns [b, c, H, W]
 */
export function reconstruct(mae: Mae, images: Tensor, mask: Tensor, normalisedPixels = false): Tensor {
  const { patch } = mae.options;
  return noGrad(() =>
    scope(() => {
      const patches = patchify(images, patch);
      let predicted = mae.apply(images, mask).to("float32");
      if (normalisedPixels) {
        const deviation = patches.var(-1, 1, true).add(1e-6).sqrt();
        predicted = predicted.mul(deviation).add(patches.mean(-1, true));
      }
      const mixed = predicted.where(mask.unsqueeze(-1).gt(0), patches);
      return unpatchify(mixed, patch, [images.size(2), images.size(3)]);
    }, "reconstruct"),
  );
}

/**
 * A mask as a person writes it: rows of 0 and 1, between them a space, a comma or a slash.
 * @returns numbers, row by row
 * @throws {UsageError} other signs, another grid, or a mask that removes nothing or everything
 */
export function parseMask(text: string, [rows, columns]: Grid): number[] {
  const lines = text.trim().split(/[\s,/]+/);
  if (lines.length !== rows || lines.some((line) => !/^[01]+$/.test(line) || line.length !== columns))
    throw new UsageError(
      `--mask: expected ${rows} rows of ${columns} zeros and ones such as ${"01".repeat(columns).slice(0, columns)}, received "${text.slice(0, 80)}"`,
      { path: "--mask" },
    );
  const numbers = lines.flatMap((line) => [...line].map(Number));
  if (new Set(numbers).size < 2)
    throw new UsageError(`--mask: expected some patches to be removed (1) and some to stay (0)`, {
      path: "--mask",
    });
  return numbers;
}

/**
 * Originals, masked images and reconstructions in rows of four, as a PNG file.
 * @returns the path of the picture
 * @throws {UsageError} a run of another method, a mask that does not fit; {CheckpointError} damaged; {DiskError}
 */
export async function drawReconstruction(folder: string, options: ReconstructOptions): Promise<string> {
  const { recipe, checkpoint } = openRunOf(folder, options.checkpoint, ["mae"], "reconstructing");
  try {
    using mae = restoreMae(recipe, checkpoint);
    const source = await someOf(recipe, options.split, options.count, recipe.model.imageSize);
    try {
      const { augment: _, ...given } = maeBatches(recipe, source, "cpu");
      for await (const { images } of batches(source, { ...given, batchSize: source.count })) {
        const pixels = scope(() => {
          const mask = maskFor(mae, images.size(0), recipe.method.maskRatio, options);
          const made = reconstruct(mae, images, mask, recipe.method.normalisePixels);
          return triples(images, hide(images, mask, mae.options.patch), made, given.normalise!);
        });
        const path = await writePicture(folder, options, "reconstruction", pixels);
        return path;
      }
      throw new UsageError(`${recipe.data.name}: expected images, got none`);
    } finally {
      await source.close();
    }
  } finally {
    freeCheckpoint(checkpoint);
  }
}

function maskFor(
  mae: Mae,
  b: number,
  usual: number,
  { mask, maskRatio, seed = 1 }: ReconstructOptions,
): Tensor {
  const grid = patchGrid(mae.options);
  const N = grid[0] * grid[1];
  if (mask !== undefined) return tensor(parseMask(mask, grid)).unsqueeze(0).expand([b, N]);
  return randomMask(random(seed).at("mask").uniform([b, N]), maskRatio ?? usual);
}

/** Removed patches as NaN, which becomes the middle grey when pixels are made. */
function hide(images: Tensor, mask: Tensor, patch: Size): Tensor {
  const patches = patchify(images, patch);
  const nothing = patches.mul(0).add(Number.NaN);
  const shown = nothing.where(mask.unsqueeze(-1).gt(0), patches);
  return unpatchify(shown, patch, [images.size(2), images.size(3)]);
}

const IN_A_ROW = 4;
/** White pixels between two images' triples. */
const GAP = 10;

/** Triples, four in a row; images normalised, [b, c, H, W]. */
function triples(
  original: Tensor,
  masked: Tensor,
  made: Tensor,
  { mean, std }: { mean: readonly number[]; std: readonly number[] },
): Pixels {
  const [b, c] = original.shape as [number, number];
  const constant = (values: readonly number[]) => tensor([...values]).reshape([1, c, 1, 1]);
  const shown = [original, masked, made].map((X) => {
    const range = X.mul(constant(std)).add(constant(mean)).mul(2).sub(1); //    [−1, 1]
    return zeros([1]).where(range.isNaN(), range);
  });
  const each = stack(shown, 1); //                                              [b, 3, c, H, W]
  const rows = Math.ceil(b / IN_A_ROW);
  const columns = Array.from({ length: Math.min(IN_A_ROW, b) }, (_, k) => {
    const indices = Array.from({ length: rows }, (_, r) => Math.min(r * IN_A_ROW + k, b - 1));
    return gridPixels(each.indexSelect(0, tensor(BigInt64Array.from(indices, BigInt))));
  });
  return beside(columns);
}

/** Pictures of one height beside one another. */
function beside(parts: readonly Pixels[]): Pixels {
  const { height, channels } = parts[0]!;
  const width = parts.reduce((sum, part) => sum + part.width + GAP, -GAP);
  const data = new Uint8Array(width * height * channels).fill(255);
  let left = 0;
  for (const part of parts) {
    const length = part.width * channels;
    for (let y = 0; y < height; y++)
      data.set(part.data.subarray(y * length, (y + 1) * length), (y * width + left) * channels);
    left += part.width + GAP;
  }
  return { data, width, height, channels };
}

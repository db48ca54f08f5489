/** @file How well the best head's mask covers an object. */

import { largestOf } from "../../base/extremes.ts";
import type { Grid } from "../../model/index.ts";
import type { Mask } from "./mask.ts";

/** Pixels of an image, and of an object in it, by patch. */
export interface Coverage {
  pixels: Float64Array;
  object: Float64Array;
}

/** How many pixels of the image and of the object lie in each patch when the grid is stretched over the image. */
export function coverage({ rows: height, columns: width, cells }: Mask, [rows, columns]: Grid): Coverage {
  const pixels = new Float64Array(rows * columns);
  const object = new Float64Array(rows * columns);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const patch = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      pixels[patch] = pixels[patch]! + 1;
      object[patch] = object[patch]! + cells[y * width + x]!;
    }
  return { pixels, object };
}

/** IoU, in pixels, of an object and a mask of patches brought to the image's size by nearest neighbours. */
export function coverageIou(patches: Uint8Array, { pixels, object }: Coverage): number {
  let [both, either] = [0, 0];
  patches.forEach((kept, at) => {
    both += kept ? object[at]! : 0;
    either += kept ? pixels[at]! : object[at]!;
  });
  return either === 0 ? 0 : both / either;
}

/**
 * The largest IoU that a head has with each object, mean over the objects.
 *
 * @param heads masks of patches, one per head
 * @returns a share in 0 … 1; NaN without objects
 * @see Yu and Chu et al. 2024, IoU of the best head
 */
export function bestHeadIou(heads: readonly Uint8Array[], objects: readonly Coverage[]): number {
  const best = objects.map((object) => largestOf(heads.map((head) => coverageIou(head, object))));
  return best.reduce((sum, iou) => sum + iou, 0) / best.length;
}

/** @file Decodes a share of the images of a batch, one read while the one before it is resampled. */

import { areaOf, type Size } from "../../base/size.ts";
import { setUnpackLimit } from "../../base/unpack.ts";
import { Random } from "../../tensor/random.ts";
import { type RandomCrops, randomBox } from "../augment/box.ts";
import { centreOf, type Resizing, toSize } from "./decode.ts";
import { cut, type Picture } from "./picture.ts";
import type { ImagePlace } from "./place.ts";
import { readImage } from "./read.ts";
import { readPlace } from "./read-place.ts";

export interface DecodeTask {
  paths: readonly ImagePlace[];
  /** Of the images given out. */
  size: Size;
  resizing?: Resizing;
  /** A random box of each image, in place of its centre. */
  crops?: RandomCrops;
  /** What `setUnpackLimit` was given in the thread that asks. */
  limit: number | undefined;
}

/** Pixels [paths.length, 3, height, width], black where an image cannot be read, and why that is. */
export interface Decoded {
  pixels: Uint8Array<ArrayBuffer>;
  damaged: { at: number; reason: string }[];
}

/** What cannot be read is told, not thrown. */
export async function decodeShare({ paths, size, resizing, crops, limit }: DecodeTask): Promise<Decoded> {
  setUnpackLimit(limit);
  const bytes = 3 * areaOf(size);
  const pixels = new Uint8Array(paths.length * bytes);
  const damaged: Decoded["damaged"] = [];
  let next = begin(paths[0]!);
  for (let i = 0; i < paths.length; i++) {
    const reading = next;
    try {
      const picture = await reading.finally(() => {
        if (i + 1 < paths.length) next = begin(paths[i + 1]!);
      });
      const out = pixels.subarray(i * bytes, (i + 1) * bytes);
      if (crops) toSize(boxOf(picture, crops, i), size, out);
      else centreOf(picture, size, resizing, out);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      damaged.push({ at: i, reason: reason.split("\n")[0]! });
    }
  }
  return { pixels, damaged };
}

/** An image that is read while the one before it is resampled; one that cannot be is told when its turn comes. */
function begin(place: ImagePlace): Promise<Picture> {
  const reading = readPlace(place).then(readImage);
  reading.catch(() => {});
  return reading;
}

function boxOf(picture: Picture, { scale, ratio, seeds }: RandomCrops, i: number): Picture {
  return cut(picture, randomBox(picture.height, picture.width, scale, ratio, new Random(seeds[i]!)));
}

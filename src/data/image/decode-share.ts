/** @file Decodes a share of the images of a batch, one read while the one before it is resampled. */

import { areaOf } from "../../base/size.ts";
import { setUnpackLimit } from "../../base/unpack.ts";
import { Random } from "../../tensor/random.ts";
import { around, type Crop, type RandomCrops, randomBoxes } from "../augment/box.ts";
import { centreOf, toSize } from "./decode.ts";
import { cut } from "./picture.ts";
import type { ImagePlace } from "./place.ts";
import { readImage } from "./read.ts";
import { readPlace } from "./read-place.ts";
import { bytesOf, type Centre, type Wanted } from "./wanted.ts";

export interface DecodeTask {
  paths: readonly ImagePlace[];
  wanted: Wanted;
  /** What `setUnpackLimit` was given in the thread that asks. */
  limit: number | undefined;
}

/** Pixels [paths.length, 3, height, width], or of each image its boxes, black where one cannot be read, and why that is. */
export interface Decoded {
  pixels: Uint8Array<ArrayBuffer>;
  damaged: { at: number; reason: string }[];
}

/** What cannot be read is told, not thrown. */
export async function decodeShare({ paths, wanted, limit }: DecodeTask): Promise<Decoded> {
  setUnpackLimit(limit);
  const bytes = bytesOf(wanted);
  const pixels = new Uint8Array(paths.length * bytes);
  const damaged: Decoded["damaged"] = [];
  let next = begin(paths[0]!, wanted, 0);
  for (let i = 0; i < paths.length; i++) {
    const reading = next;
    try {
      const resample = await reading.finally(() => {
        if (i + 1 < paths.length) next = begin(paths[i + 1]!, wanted, i + 1);
      });
      resample(pixels.subarray(i * bytes, (i + 1) * bytes));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      damaged.push({ at: i, reason: reason.split("\n")[0]! });
    }
  }
  return { pixels, damaged };
}

/** What resamples an image that has been read. */
type Resample = (out: Uint8Array<ArrayBuffer>) => void;

/** An image that is read while the one before it is resampled; one that cannot be is told when its turn comes. */
function begin(place: ImagePlace, wanted: Wanted, i: number): Promise<Resample> {
  const reading = "size" in wanted ? readForCentre(place, wanted) : readForBoxes(place, wanted, i);
  reading.catch(() => {});
  return reading;
}

async function readForCentre(place: ImagePlace, { size, resizing }: Centre): Promise<Resample> {
  const picture = await readImage(await readPlace(place));
  return (out) => {
    centreOf(picture, size, resizing, out);
  };
}

/** No more of an image is made than its boxes need. */
async function readForBoxes(place: ImagePlace, { kinds, seeds }: RandomCrops, i: number): Promise<Resample> {
  let boxes: Crop[] = [];
  const outer = () => around(boxes.map(({ box }) => box));
  const picture = await readImage(await readPlace(place), (width, height) => {
    boxes = randomBoxes(height, width, kinds, new Random(seeds[i]!));
    return outer();
  });
  const { top, left } = outer();
  return (out) => {
    let at = 0;
    for (const { box, size } of boxes) {
      const inner = { ...box, top: box.top - top, left: box.left - left };
      const end = at + 3 * areaOf(size);
      toSize(cut(picture, inner), size, out.subarray(at, end));
      at = end;
    }
  };
}

/** @file Random rectangles, with the distributions of torchvision's RandomResizedCrop and RandomErasing. */
import { largestOf, leastOf } from "../../base/extremes.ts";
import { areaOf, type Size } from "../../base/size.ts";
import type { Random } from "../../tensor/index.ts";

/** A rectangle of pixels inside an image. */
export interface Box {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Random boxes of an image, of torchvision's aspects, each brought to one size. */
export interface Crops {
  count: number;
  size: Size;
  /** Smallest and largest share of the image's area. */
  scale: readonly [number, number];
}

/** What draws boxes of each of several images. */
export interface RandomCrops {
  kinds: readonly Crops[];
  /** Of each image's stream: its boxes depend on nothing else. */
  seeds: BigUint64Array;
}

/** torchvision's aspects. */
export const ASPECTS = [3 / 4, 4 / 3] as const;

/** Bytes of an image's boxes, of three colours. */
export const bytesOfCrops = (kinds: readonly Crops[]): number =>
  kinds.reduce((sum, { count, size }) => sum + 3 * count * areaOf(size), 0);

/** A box, and the size that it is brought to. */
export interface Crop {
  box: Box;
  size: Size;
}

/** The boxes of an image, kind after kind. */
export const randomBoxes = (height: number, width: number, kinds: readonly Crops[], random: Random): Crop[] =>
  kinds.flatMap(({ count, size, scale }) =>
    Array.from({ length: count }, () => ({ box: randomBox(height, width, scale, ASPECTS, random), size })),
  );

/** The least box that holds all of them. */
export function around(boxes: readonly Box[]): Box {
  const top = leastOf(boxes.map((box) => box.top));
  const left = leastOf(boxes.map((box) => box.left));
  const height = largestOf(boxes.map((box) => box.top + box.height)) - top;
  const width = largestOf(boxes.map((box) => box.left + box.width)) - left;
  return { top, left, height, width };
}

/**
 * A rectangle as torchvision's RandomResizedCrop draws it: area uniform in `scale` (shares of the image's), aspect
 * log-uniform in `ratio`, ten tries, else the largest central one with an allowed aspect.
 */
export function randomBox(
  height: number,
  width: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: Random,
): Box {
  for (let attempt = 0; attempt < 10; attempt++) {
    const box = drawBox(height, width, scale, ratio, random);
    if (box.width > 0 && box.width <= width && box.height > 0 && box.height <= height)
      return place(box, height, width, random);
  }
  const aspect = Math.min(Math.max(width / height, ratio[0]), ratio[1]);
  const w = aspect < width / height ? Math.round(height * aspect) : width;
  const h = aspect > width / height ? Math.round(width / aspect) : height;
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

/** As RandomErasing draws: it must leave a row and a column, and after ten tries erases nothing. */
export function eraseBox(height: number, width: number, random: Random): Box | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const box = drawBox(height, width, [0.02, 0.33], [0.3, 3.3], random);
    if (box.width < width && box.height < height) return place(box, height, width, random);
  }
  return undefined;
}

function drawBox(
  height: number,
  width: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: Random,
): { height: number; width: number } {
  const area = height * width * between(scale, random);
  const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])], random));
  return { width: Math.round(Math.sqrt(area * aspect)), height: Math.round(Math.sqrt(area / aspect)) };
}

function place(box: { height: number; width: number }, height: number, width: number, random: Random): Box {
  const top = Math.floor(random.number() * (height - box.height + 1));
  const left = Math.floor(random.number() * (width - box.width + 1));
  return { top, left, ...box };
}

function between([low, high]: readonly [number, number], random: Random): number {
  return low + (high - low) * random.number();
}

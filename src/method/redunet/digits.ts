/** @file Digits that turn or move: rotations become cyclic shifts of polar samples, translations of the image. */

import type { ImageSet } from "../../data/index.ts";
import { scope, tensor, UsageError } from "../../tensor/index.ts";
import type { Samples } from "./gaussians.ts";

/** Numbers of the first images of each class, class after class. */
function firstOfEach(images: ImageSet, perClass: number | "all", chosen: readonly number[]): number[][] {
  return chosen.map((label) => {
    const found: number[] = [];
    const wanted = perClass === "all" ? Number.POSITIVE_INFINITY : perClass;
    for (let i = 0; i < images.count && found.length < wanted; i++)
      if (images.labels[i] === label) found.push(i);
    if (found.length < (perClass === "all" ? 1 : perClass))
      throw new UsageError(
        `digits: expected ${perClass} images of class ${label} in ${images.name}, got ${found.length}`,
      );
    return found;
  });
}

export interface DigitOptions {
  /** The first so many images of each class, or all. */
  perClass: number | "all";
  /** Which classes, labelled anew from 0; all when left out. */
  classes?: readonly number[];
}

const grid = (images: ImageSet, { perClass, classes }: DigitOptions) => {
  const chosen = classes ?? images.classes.map((_, label) => label);
  const byClass = firstOfEach(images, perClass, chosen);
  const labels = BigInt64Array.from(byClass.flatMap((found, k) => found.map(() => BigInt(k))));
  return { numbers: byClass.flat(), labels: tensor(labels), count: chosen.length };
};

/** The first images of each class as they are, values 0 to 1: X [n, C, H, W]; translations are cyclic shifts of them. */
export function translationDigits(images: ImageSet, options: DigitOptions): Samples {
  return scope(() => {
    const { channels, height, width } = images;
    const { numbers, labels, count } = grid(images, options);
    const size = channels * height * width;
    const values = Float32Array.from(
      { length: numbers.length * size },
      (_, i) => images.images[numbers[Math.floor(i / size)]! * size + (i % size)]! / 255,
    );
    return {
      X: tensor(values, { shape: [numbers.length, channels, height, width] }),
      labels,
      classes: count,
    };
  }, "translation digits");
}

/** Where the polar grid reads an image. */
export interface PolarOptions extends DigitOptions {
  /** C, radii from the rim inwards; 15 when left out. */
  radii?: number;
  /** Γ, angles; 200 when left out. */
  angles?: number;
  /** How values between pixels are read: the authors' PyTorch code takes the nearest. */
  sampling?: "nearest" | "bilinear";
  /** Whether 0° and 360° are both read, as the authors' code does; then a turn is not exactly a shift. */
  closed?: boolean;
}

/**
 * Images [H, W] of one channel read on circles around the centre: the image is turned by each of Γ angles, and of its
 * middle row, ⌊H/2⌋, the columns ⌊linspace(0, ⌊H/2⌋, C)⌋ are taken. Turning the image by 360°/Γ shifts the samples by one.
 *
 * @returns X [n, C, Γ], values 0 to 255
 * @throws {UsageError} images of several channels
 */
export function rotationDigits(images: ImageSet, options: PolarOptions): Samples {
  const { radii = 15, angles = 200, sampling = "nearest", closed = true } = options;
  if (images.channels !== 1)
    throw new UsageError(`rotation digits: expected images of one channel, got ${images.channels}`);
  return scope(() => {
    const { numbers, labels, count } = grid(images, options);
    const { height, width } = images;
    const places = polarGrid(height, width, { radii, angles, closed });
    const read = sampling === "nearest" ? readNearest : readBilinear;
    const values = new Float32Array(numbers.length * places.length);
    for (const [i, number] of numbers.entries()) {
      const pixels = images.images.subarray(number * height * width, (number + 1) * height * width);
      for (const [p, [row, column]] of places.entries())
        values[i * places.length + p] = read(pixels, height, width, row, column);
    }
    return { X: tensor(values, { shape: [numbers.length, radii, angles] }), labels, classes: count };
  }, "rotation digits");
}

/** [row, column] in pixels for each radius and angle, radius by radius. */
function polarGrid(
  height: number,
  width: number,
  { radii, angles, closed }: { radii: number; angles: number; closed: boolean },
): [number, number][] {
  const middle = Math.floor(height / 2);
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  return Array.from({ length: radii * angles }, (_, p) => {
    const [r, a] = [Math.floor(p / angles), p % angles];
    const column = Math.floor(radii === 1 ? 0 : (middle * r) / (radii - 1));
    const angle = (2 * Math.PI * a) / (closed ? Math.max(angles - 1, 1) : angles);
    const [dy, dx] = [middle - cy, column - cx];
    // the turned image shows at (dy, dx) what the image has there, turned back
    return [
      cy + Math.cos(angle) * dy + Math.sin(angle) * dx,
      cx + Math.cos(angle) * dx - Math.sin(angle) * dy,
    ];
  });
}

/** Zero outside, as rotation fills it. */
const pixel = (pixels: Uint8Array, height: number, width: number, row: number, column: number): number =>
  row >= 0 && row < height && column >= 0 && column < width ? pixels[row * width + column]! : 0;

const readNearest = (pixels: Uint8Array, height: number, width: number, row: number, column: number) =>
  pixel(pixels, height, width, Math.round(row), Math.round(column));

function readBilinear(pixels: Uint8Array, height: number, width: number, row: number, column: number) {
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [y, x] = [row - top, column - left];
  const at = (i: number, j: number) => pixel(pixels, height, width, top + i, left + j);
  return (1 - y) * ((1 - x) * at(0, 0) + x * at(0, 1)) + y * ((1 - x) * at(1, 0) + x * at(1, 1));
}

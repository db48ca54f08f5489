/** @file The augmentations with which the authors of MCR² make views of images, data set by data set. */

import {
  type AffineRange,
  colourJitter,
  type Jitter,
  randomAffine,
  randomAffineOf,
  randomBlur,
  randomFlip,
  randomGrey,
  randomResizedCrop,
} from "../../data/index.ts";
import { type Random, scope, type Tensor } from "../../tensor/index.ts";

/** A copy of float images [b, c, h, w] of 0 to 1, each changed at random, in the same size. */
export type Augmentation = (images: Tensor, random: Random) => Tensor;

/** Each step takes what the one before gave, and a stream of its own. */
const chain =
  (steps: readonly Augmentation[]): Augmentation =>
  (images, random) =>
    scope(() => steps.reduce((x, step, i) => step(x, random.at(`step.${i}`)), images), "augment");

const resizedCrop: Augmentation = (x, random) => randomResizedCrop(x, [0.08, 1], x.size(2), random);
const flip: Augmentation = (x, random) => randomFlip(x, random);
const grey: Augmentation = (x, random) => randomGrey(x, 0.2, random);
const jitter =
  (amounts: Jitter): Augmentation =>
  (x, random) =>
    colourJitter(x, amounts, random, 0.8);
const blur =
  (kernel: number): Augmentation =>
  (x, random) =>
    randomBlur(x, kernel, random);

const ROTATION: AffineRange = { degrees: 90 };
const ONE_OF: readonly AffineRange[] = [
  ROTATION,
  { translate: [0.2, 0.4] },
  { scale: [0.8, 1.1] },
  { shear: 20 },
];
const oneOf: Augmentation = (x, random) => randomAffineOf(x, ONE_OF, random);

/**
 * For `viewsOf`: "cifar" and "stl10" (square colour images), "mnist" and "fmnist" (grey ones).
 *
 * @example viewsOf(batch, 50, VIEW_PRESETS.cifar, random)
 */
export const VIEW_PRESETS: Readonly<Record<"cifar" | "stl10" | "mnist" | "fmnist", Augmentation>> = {
  cifar: chain([
    resizedCrop,
    flip,
    jitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
    grey,
  ]),
  stl10: chain([
    resizedCrop,
    flip,
    jitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 }),
    grey,
    blur(9),
  ]),
  mnist: chain([oneOf, blur(3)]),
  fmnist: chain([flip, (x, random) => randomAffine(x, ROTATION, random), oneOf, blur(3)]),
};

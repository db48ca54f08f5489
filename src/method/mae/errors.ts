/** @file How far masked patches are predicted, over a set of images with fixed masks. */

import { areaOf } from "../../base/size.ts";
import { type BatchOptions, batchCount, batches, type ImageSource, rowsOf } from "../../data/index.ts";
import {
  type CrateMae,
  maskedError,
  maskedTarget,
  meanFill,
  randomMask,
  type ViTMae,
} from "../../model/index.ts";
import { type Group, noGrad, type Random, scope, type Tensor, zeros } from "../../tensor/index.ts";

export type Mae = CrateMae | ViTMae;

export interface MaskOptions {
  /** Share of patches removed. */
  ratio: number;
  /** Predict patches with mean 0 and deviation 1. */
  normalisePixels: boolean;
}

/** Mean squared errors on the removed patches, in the units of the prediction. */
export interface MaskedErrors {
  masked: number;
  /** Of filling every removed patch with the mean of the visible ones, channel by channel. */
  meanFill: number;
}

/** Images at once: small batches are for learning. */
const AT_ONCE = 250;

/**
 * Over all images in their order, with masks of the stream `random`; augmentation is left out.
 * @param across processes that look at some of the batches each
 */
export async function maskedErrors(
  mae: Mae,
  source: ImageSource,
  { augment: _, ...batch }: BatchOptions,
  { ratio, normalisePixels }: MaskOptions,
  random: Random,
  across?: Group,
): Promise<MaskedErrors> {
  const { patch } = mae.options;
  const sums = { masked: 0, meanFill: 0, count: 0 };
  const batchSize = Math.min(AT_ONCE, source.count);
  const all = batchCount(source.count, batchSize);
  const own = rowsOf(across ?? { rank: 0, size: 1 }, all);
  const start = own[0] ?? all;
  for await (const { images, number } of batches(source, { ...batch, batchSize, start })) {
    if (number > own.at(-1)!) break;
    await new Promise(setImmediate); // signals are heard here
    const [masked, fill] = noGrad(() =>
      scope(() => {
        const target = maskedTarget(images, patch, normalisePixels);
        const noise = random.at(`batch.${number}`).uniform([images.size(0), target.size(1)]);
        const mask = randomMask(noise, ratio).to(images.device);
        const prediction = mae.apply(images, mask);
        return [
          maskedError(prediction, target, mask).item(),
          maskedError(meanFill(target, mask, images.size(1)), target, mask).item(),
        ] as const;
      }, "masked errors"),
    );
    const n = images.size(0);
    sums.masked += masked * n;
    sums.meanFill += fill * n;
    sums.count += n;
  }
  const { masked, meanFill: fill, count } = across?.sums(sums) ?? sums;
  return { masked: masked / count, meanFill: fill / count };
}

/** Whole images, nothing removed, through encoder and decoder. */
export const whole =
  (mae: Mae) =>
  (images: Tensor): Tensor => {
    const patches = (images.size(2) * images.size(3)) / areaOf(mae.options.patch);
    return mae.apply(images, zeros([images.size(0), patches], { device: images.device }));
  };

/** @file How far mIoU is chance of the images: intervals by bootstrap, of one model and of the difference of two. */

import { largestOf } from "../../base/extremes.ts";
import { bootstrap, type Interval, meanAt } from "../../evaluate/metrics/index.ts";
import { random, UsageError } from "../../tensor/index.ts";

/** IoU by layer and image, 0 to 1. */
export type Ious = readonly (readonly number[])[];

export interface Resampling {
  resamples: number;
  seed: number;
}

/** mIoU of each layer, and of the best layer, which each resample of the images chooses anew. */
export interface LayerIntervals {
  layers: Interval[];
  best: Interval;
}

const all = (ious: Ious) => (places: Int32Array) => {
  const layers = ious.map((values) => meanAt(values, places));
  return [...layers, largestOf(layers)];
};
const split = (found: Interval[]): LayerIntervals => ({ layers: found.slice(0, -1), best: found.at(-1)! });
const options = ({ resamples, seed }: Resampling) => ({ resamples, random: random(seed).at("bootstrap") });

export const layerIntervals = (ious: Ious, resampling: Resampling): LayerIntervals =>
  split(bootstrap(ious[0]!.length, all(ious), options(resampling)));

/**
 * Of a model's mIoU minus another's on the same images: every resample draws images for both. Layers are those with the same
 * number, as far as both have one; the best layer of each may be another.
 * @throws {UsageError} other images
 */
export function differenceIntervals(ious: Ious, others: Ious, resampling: Resampling): LayerIntervals {
  const n = ious[0]!.length;
  if (others[0]!.length !== n)
    throw new UsageError(
      `bootstrap: expected two models on the same images, got ${n} and ${others[0]!.length}`,
    );
  const common = Math.min(ious.length, others.length);
  const difference = (places: Int32Array) => {
    const [a, b] = [all(ious)(places), all(others)(places)];
    return [...Array.from({ length: common }, (_, l) => a[l]! - b[l]!), a.at(-1)! - b.at(-1)!];
  };
  return split(bootstrap(n, difference, options(resampling)));
}

/** @file How far mIoU is chance of the images and of the seeds of training: intervals by bootstrap, of a model and of the difference of two. */

import { largestOf } from "../../base/extremes.ts";
import { bootstrap, type Interval, meanAt } from "../../evaluate/metrics/index.ts";
import { random, UsageError } from "../../tensor/index.ts";

/** A model's IoU by layer and image, 0 to 1. */
export type Ious = readonly (readonly number[])[];
/** Of models that differ in their seed alone, by seed. */
export type SeedIous = readonly Ious[];

export interface Resampling {
  resamples: number;
  seed: number;
}

/** mIoU of each layer, the mean over the seeds, and of the best layer, which each resample chooses anew. */
export interface LayerIntervals {
  layers: Interval[];
  best: Interval;
}

/** Each layer's mIoU, then the largest of them. */
function figures(models: SeedIous, images: Int32Array, seeds: Int32Array): number[] {
  const layers = models[0]!.map((_, l) =>
    meanAt(
      models.map((ious) => meanAt(ious[l]!, images)),
      seeds,
    ),
  );
  return [...layers, largestOf(layers)];
}

const split = (found: Interval[]): LayerIntervals => ({ layers: found.slice(0, -1), best: found.at(-1)! });
const options = ({ resamples, seed }: Resampling) => ({ resamples, random: random(seed).at("bootstrap") });

/** Resamples draw images, and seeds where there are several. @throws {UsageError} seeds of unlike depth */
export function layerIntervals(models: SeedIous, resampling: Resampling): LayerIntervals {
  const counts = [imagesOf(models), models.length];
  const found = (...[images, seeds]: Int32Array[]) => figures(models, images!, seeds!);
  return split(bootstrap(counts, found, options(resampling)));
}

/**
 * Of a model's mIoU minus another's on the same images: every resample draws images for both, and seeds for each. Layers are those with
 * the same number, as far as both have one; the best layer of each may be another.
 * @throws {UsageError} other images, seeds of unlike depth
 */
export function differenceIntervals(
  models: SeedIous,
  others: SeedIous,
  resampling: Resampling,
): LayerIntervals {
  const [n, m] = [imagesOf(models), imagesOf(others)];
  if (n !== m) throw new UsageError(`bootstrap: expected two models on the same images, got ${n} and ${m}`);
  const common = Math.min(models[0]!.length, others[0]!.length);
  const difference = (...[images, seeds, otherSeeds]: Int32Array[]) => {
    const [a, b] = [figures(models, images!, seeds!), figures(others, images!, otherSeeds!)];
    return [...Array.from({ length: common }, (_, l) => a[l]! - b[l]!), a.at(-1)! - b.at(-1)!];
  };
  return split(bootstrap([n, models.length, others.length], difference, options(resampling)));
}

/** The number of images that all seeds were judged on. */
function imagesOf(models: SeedIous): number {
  const depths = models.map(({ length }) => length);
  if (depths.some((depth) => depth !== depths[0]))
    throw new UsageError(`bootstrap: expected seeds of one model, got models of ${depths.join(", ")} layers`);
  return models[0]![0]!.length;
}

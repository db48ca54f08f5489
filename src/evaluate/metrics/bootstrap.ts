/** @file How far a figure may be off because of the samples that it was measured on: percentile bootstrap. */

import { type Random, UsageError } from "../../tensor/index.ts";

/** A figure of all samples, and the bounds between which it is in 95 % of the resamples. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

export interface BootstrapOptions {
  /** Resamples. */
  resamples: number;
  random: Random;
  /** Share of the resamples inside the interval; 0.95. */
  level?: number;
}

/**
 * Percentile intervals of figures of n samples: n of them are drawn with replacement, again and again, and the figures of each
 * draw are sorted. All figures see the same draws, so that a difference of two figures of the same samples is a paired one (Efron and Tibshirani 1993,
 * "An Introduction to the Bootstrap", ch. 13). Samples of several kinds, such as images and trained models, are drawn each for itself.
 *
 * @param counts n of each kind of samples
 * @param figures of the samples at some places of each kind, of which any may come several times
 * @throws {UsageError} no sample
 */
export function bootstrap(
  counts: readonly number[],
  figures: (...places: Int32Array[]) => readonly number[],
  { resamples, random, level = 0.95 }: BootstrapOptions,
): Interval[] {
  if (counts.some((n) => n < 1)) throw new UsageError("bootstrap: expected at least one sample, got none");
  const draw = (n: number) => Int32Array.from({ length: n }, () => Math.floor(random.number() * n));
  const whole = figures(...counts.map((n) => Int32Array.from({ length: n }, (_, i) => i)));
  const found = whole.map(() => new Float64Array(resamples));
  for (let r = 0; r < resamples; r++) {
    figures(...counts.map(draw)).forEach((value, i) => {
      found[i]![r] = value;
    });
  }
  const tail = (1 - level) / 2;
  return whole.map((value, i) => {
    const sorted = found[i]!.sort();
    return { value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
  });
}

/** Of sorted numbers, linear between neighbours, as NumPy's. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (at - Math.floor(at)) * (above - below);
}

/** The mean of the values at some places. */
export function meanAt(values: readonly number[], places: Int32Array): number {
  let sum = 0;
  for (const place of places) sum += values[place]!;
  return sum / places.length;
}

/** @file Columns of numbers for a chart of so many pixels: least, largest and last of all the records of each pixel. */

import type { Column } from "./columns.ts";

export interface Range {
  /** Steps that are shown, both included. */
  from?: number | undefined;
  to?: number | undefined;
  /** The chart's width. */
  pixels: number;
}

export interface Pixels {
  /** Of the last record of each pixel. */
  step: Float64Array;
  columns: Map<string, { min: Float32Array; max: Float32Array; last: Float32Array }>;
}

/** No record is left out: what a pixel's records were is between its least and its largest. */
export function pixelsOf(columns: ReadonlyMap<string, Column>, { from, to, pixels }: Range): Pixels {
  const all = [...columns.values()];
  let [low, high] = [from ?? Number.POSITIVE_INFINITY, to ?? Number.NEGATIVE_INFINITY];
  for (const { steps, length } of all) {
    if (length > 0 && from === undefined) low = Math.min(low, steps[0]!);
    if (length > 0 && to === undefined) high = Math.max(high, steps[length - 1]!);
  }
  const places = distinctSteps(all, low, high, pixels);
  const width = places?.size ?? pixels;
  const scale = pixels / (high - low);
  const step = new Float64Array(width).fill(Number.NaN);
  const binned = [...columns].map(([name, { steps, values, length }]) => {
    const [min, max, last] = [0, 1, 2].map(() => new Float32Array(width).fill(Number.NaN)) as [Float32Array, Float32Array, Float32Array]; // biome-ignore format: short
    for (let i = 0; i < length; i++) {
      const at = steps[i]!;
      if (at < low || at > high) continue;
      const value = values[i]!;
      const x = places === undefined ? Math.min(pixels - 1, Math.floor((at - low) * scale)) : places.get(at)!;
      // comparisons with NaN are false: the first value takes its place, and NaN itself that of the last alone
      if (!(step[x]! >= at)) step[x] = at;
      if (value < min[x]! || Number.isNaN(min[x]!)) min[x] = value;
      if (value > max[x]! || Number.isNaN(max[x]!)) max[x] = value;
      last[x] = value;
    }
    return [name, { min, max, last }] as const;
  });
  return withoutEmpty(step, binned);
}

/** The place of each step, where there are no more than pixels. */
function distinctSteps(
  columns: readonly Column[],
  low: number,
  high: number,
  most: number,
): Map<number, number> | undefined {
  const found = new Set<number>();
  for (const { steps, length } of columns)
    for (let i = 0; i < length; i++) {
      if (steps[i]! >= low && steps[i]! <= high) found.add(steps[i]!);
      if (found.size > most) return undefined;
    }
  return new Map([...found].sort((a, b) => a - b).map((step, i) => [step, i]));
}

type Binned = readonly [string, { min: Float32Array; max: Float32Array; last: Float32Array }];

/** Pixels that no record falls into are left out. */
function withoutEmpty(step: Float64Array, binned: readonly Binned[]): Pixels {
  const used = Array.from(step.keys()).filter((x) => !Number.isNaN(step[x]!));
  const kept = (values: Float32Array) => Float32Array.from(used, (x) => values[x]!);
  const columns = binned.map(([name, { min, max, last }]) => [name, { min: kept(min), max: kept(max), last: kept(last) }] as const); // biome-ignore format: short
  return { step: Float64Array.from(used, (x) => step[x]!), columns: new Map(columns) };
}

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
  const low = from ?? all.reduce((least, { steps, length }) => (length > 0 ? Math.min(least, steps[0]!) : least), Number.POSITIVE_INFINITY); // biome-ignore format: short
  const high = to ?? all.reduce((most, { steps, length }) => (length > 0 ? Math.max(most, steps[length - 1]!) : most), Number.NEGATIVE_INFINITY); // biome-ignore format: short
  const distinct = distinctSteps(all, low, high, pixels);
  const place = distinct ? (step: number) => distinct.get(step)! : (step: number) => Math.min(pixels - 1, Math.floor(((step - low) / (high - low)) * pixels)); // biome-ignore format: short
  const width = distinct?.size ?? pixels;
  const step = new Float64Array(width).fill(Number.NaN);
  const binned = [...columns].map(([name, { steps, values, length }]) => {
    const [min, max, last] = [0, 1, 2].map(() => new Float32Array(width).fill(Number.NaN));
    for (let i = 0; i < length; i++) {
      const [at, value] = [steps[i]!, values[i]!];
      if (at < low || at > high) continue;
      const x = place(at);
      // comparisons with NaN are false: the first value replaces it, and NaN itself replaces nothing but the last
      if (!(step[x]! >= at)) step[x] = at;
      if (!(min![x]! <= value)) min![x] = Number.isNaN(value) ? min![x]! : value;
      if (!(max![x]! >= value)) max![x] = Number.isNaN(value) ? max![x]! : value;
      last![x] = value;
    }
    return [name, { min: min!, max: max!, last: last! }] as const;
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

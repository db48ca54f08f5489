/** @file Half as many columns: two neighbours become one, which has the least and the greatest of both. */

import type { Curves } from "./curves.ts";

/** One number for each column; null where a column has none. */
export interface Series {
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly last: (number | null)[];
}

type Pick = (a: number | null | undefined, b: number | null | undefined) => number | null;

const either =
  (choose: (a: number, b: number) => number): Pick =>
  (a, b) =>
    a == null ? (b ?? null) : b == null ? a : choose(a, b);
const least = either(Math.min);
const greatest = either(Math.max);
const later = either((_, b) => b);

export function halved(curves: Curves): Curves {
  const count = Math.ceil(curves.step.length / 2);
  const pairs = (values: readonly (number | null)[], pick: Pick) =>
    Array.from({ length: count }, (_, i) => pick(values[2 * i], values[2 * i + 1]));
  const series = [...curves.series].map(([name, { min, max, last }]): [string, Series] => [
    name,
    { min: pairs(min, least), max: pairs(max, greatest), last: pairs(last, later) },
  ]);
  const step = Array.from(
    { length: count },
    (_, i) => curves.step[Math.min(2 * i + 1, curves.step.length - 1)]!,
  );
  return { ...curves, step, series: new Map(series), isBinned: true };
}

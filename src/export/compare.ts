/** @file How far the values of two engines lie apart. */

import type { Value } from "../graph/index.ts";

export interface Difference {
  name: string;
  /** max |a − b| / max |b| */
  relative: number;
  /** max |a − b| */
  absolute: number;
  /** max |b| */
  size: number;
}

/** The largest difference of a value from what it should be; infinite for other shapes, and where one is not finite alone. */
export function difference(name: string, ours: Value | undefined, expected: Value): Difference {
  let [absolute, size] = [0, 0];
  const fits = ours !== undefined && ours.dims.join() === expected.dims.join();
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [fits ? ours.data[i]! : Number.NaN, expected.data[i]!];
    const apart = Object.is(a, b) ? 0 : Math.abs(a - b);
    if (!(apart <= absolute)) absolute = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    if (Number.isFinite(b)) size = Math.max(size, Math.abs(b));
  }
  return { name, absolute, size, relative: absolute === 0 ? 0 : absolute / size };
}

/** The same for every name; of several references the largest. */
export function largest(all: readonly (readonly Difference[])[]): Difference[] {
  const [first = [], ...rest] = all;
  return first.map((difference, i) =>
    rest.reduce((worst, other) => (other[i]!.relative > worst.relative ? other[i]! : worst), difference),
  );
}

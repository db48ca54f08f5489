import { expect, test } from "vitest";
import { largestOf, leastOf } from "./extremes.ts";

test("largest and least of a million numbers, of none, and with NaN, as Math.max and Math.min have it", () => {
  const many = Float64Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 1_000_003);
  expect([largestOf(many), leastOf(many)]).toEqual([Math.max(...topOf(many)), 0]);
  expect([largestOf([]), leastOf([]), largestOf([], 0), largestOf([-3], 0)]).toEqual([
    -Infinity,
    Infinity,
    0,
    0,
  ]);
  expect([largestOf([1, Number.NaN, 3]), leastOf([1, Number.NaN])]).toEqual([Number.NaN, Number.NaN]);
});

/** The last of the sorted numbers. */
const topOf = (values: Float64Array): Float64Array => values.toSorted().slice(-1);

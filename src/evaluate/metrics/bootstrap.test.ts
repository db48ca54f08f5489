/** @file Intervals by bootstrap against distributions that are known, and against SciPy. */

import { expect, test } from "vitest";
import { random } from "../../tensor/index.ts";
import { bootstrap, meanAt } from "./bootstrap.ts";

const intervals = (values: readonly number[], resamples = 20_000, seed = 1) =>
  bootstrap([values.length], (places) => [meanAt(values, places)], { resamples, random: random(seed) })[0]!;

/** The least k with P(X ≤ k) ≥ q, X binomial of n and p. */
function binomialQuantile(n: number, p: number, q: number): number {
  let [term, sum, k] = [(1 - p) ** n, (1 - p) ** n, 0];
  while (sum < q) {
    k++;
    term *= ((n - k + 1) / k) * (p / (1 - p));
    sum += term;
  }
  return k;
}

test("means of zeros and ones are binomial: the bounds are its quantiles", () => {
  for (const ones of [5, 12, 20]) {
    const values = Array.from({ length: 40 }, (_, i) => (i < ones ? 1 : 0));
    const { value, low, high } = intervals(values);
    expect(value).toBeCloseTo(ones / 40, 12);
    const bounds = [0.025, 0.975].map((q) => binomialQuantile(40, ones / 40, q) / 40);
    expect(Math.abs(low - bounds[0]!)).toBeLessThanOrEqual(1 / 40 + 1e-12); // ties at the quantile
    expect(Math.abs(high - bounds[1]!)).toBeLessThanOrEqual(1 / 40 + 1e-12);
  }
});

test("all figures see the same draws: a difference that is the same of every sample has no width", () => {
  const a = Array.from({ length: 30 }, (_, i) => Math.sin(i));
  const b = a.map((x) => x - 0.25);
  const of = (places: Int32Array) => [
    meanAt(a, places),
    meanAt(b, places),
    meanAt(a, places) - meanAt(b, places),
  ];
  const [first, second, difference] = bootstrap([30], of, { resamples: 500, random: random(2) });
  expect(first!.high - first!.low).toBeGreaterThan(0.2);
  expect(second!.low).toBeCloseTo(first!.low - 0.25, 12);
  for (const bound of Object.values(difference!)) expect(bound).toBeCloseTo(0.25, 12);
});

test("two kinds of samples are drawn each for itself: the variance of a sum of two means is that of both", () => {
  const [a, b] = [40, 25].map((n, k) => Array.from({ length: n }, (_, i) => Math.sin(3 * i + k)));
  const sum = (i: Int32Array, j: Int32Array) => [meanAt(a!, i), meanAt(b!, j), meanAt(a!, i) + meanAt(b!, j)];
  const found = bootstrap([40, 25], sum as never, { resamples: 20_000, random: random(5) });
  const [of, other, both] = found.map(({ low, high }) => high - low);
  expect(both! / Math.hypot(of!, other!)).toBeCloseTo(1, 1); // all three are nearly normal
});

test("the seed says all, a narrower level is inside, none to draw from is refused", () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  expect(intervals(values, 500, 7)).toEqual(intervals(values, 500, 7));
  expect(intervals(values, 500, 7)).not.toEqual(intervals(values, 500, 8));
  const at = (level: number) =>
    bootstrap([8], (places) => [meanAt(values, places)], { resamples: 2000, random: random(7), level })[0]!;
  expect(at(0.5).low).toBeGreaterThan(at(0.95).low);
  expect(at(0.5).high).toBeLessThan(at(0.95).high);
  expect(() => bootstrap([8, 0], () => [], { resamples: 10, random: random(1) })).toThrow(
    "expected at least one sample",
  );
});

test("as SciPy's percentile bootstrap, of a mean and of a paired difference", () => {
  const a = Array.from({ length: 40 }, (_, i) => ((7 * i * i + 3 * i) % 31) / 31);
  const b = a.map((x, i) => x - 0.05 + (0.1 * ((5 * i) % 7)) / 7);
  const of = (places: Int32Array) => [meanAt(a, places), meanAt(a, places) - meanAt(b, places)];
  const [mean, difference] = bootstrap([40], of, { resamples: 20_000, random: random(4) });
  // SciPy 1.17.1, 200,000 resamples, two generators: equal to four digits
  const near = (found: number, expected: number, within: number) =>
    expect(Math.abs(found - expected)).toBeLessThan(within);
  near(mean!.value, 0.3887097, 1e-6);
  near(mean!.low, 0.30806, 0.003);
  near(mean!.high, 0.47097, 0.003);
  near(difference!.value, 0.0071429, 1e-6);
  near(difference!.low, -0.0017857, 0.0006);
  near(difference!.high, 0.0160714, 0.0006);
});

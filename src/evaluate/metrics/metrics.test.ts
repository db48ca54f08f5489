import fc from "fast-check";
import { expect, test } from "vitest";
import { ari, assignment, clusteringAccuracy, nmi } from "./index.ts";

const costOf = (cost: number[][], columns: number[]): number =>
  columns.reduce((sum, j, i) => sum + (j < 0 ? 0 : cost[i]![j]!), 0);

// the totals are scipy's
test.each([
  [4, 4, 99],
  [3, 6, 19],
  [6, 3, 7],
  [20, 20, 242],
])("assignment of %i rows to %i columns costs %i", (rows, columns, expected) => {
  const cost = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => (17 * i + 29 * j + i * j * j) % 97),
  );
  const found = assignment(cost);
  expect(costOf(cost, found)).toBe(expected);
  const used = found.filter((j) => j >= 0);
  expect(used.length).toBe(Math.min(rows, columns));
  expect(new Set(used).size).toBe(used.length);
});

test("no permutation is cheaper than the assignment", () => {
  const permutations = (items: number[]): number[][] =>
    items.length === 0
      ? [[]]
      : items.flatMap((item) => permutations(items.filter((x) => x !== item)).map((rest) => [item, ...rest]));
  const all = permutations([0, 1, 2, 3, 4]);
  const matrix = fc.array(
    fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 5, maxLength: 5 }),
    {
      minLength: 5,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(matrix, (cost) => {
      const best = Math.min(...all.map((columns) => costOf(cost, columns)));
      expect(costOf(cost, assignment(cost))).toBeCloseTo(best, 9);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("assignment refuses ragged rows and what is not finite", () => {
  expect(() => assignment([[1, 2], [3]])).toThrow("not so in row 1");
  expect(() => assignment([[Number.NaN]])).toThrow("not so in row 0");
  expect(assignment([])).toEqual([]);
});

const labels = [0, 0, 0, 1, 1, 1, 2, 2, 2];

test("equal partitions have 1 whatever the clusters are called, one group of all is no agreement", () => {
  const renamed = labels.map((label) => [7, -3, 5][label]!);
  for (const measure of [clusteringAccuracy, nmi, ari]) expect(measure(labels, renamed)).toBeCloseTo(1, 12);
  const one = labels.map(() => 0);
  expect(clusteringAccuracy(labels, one)).toBeCloseTo(1 / 3, 12);
  expect(nmi(labels, one)).toBe(0);
  expect(ari(labels, one)).toBe(0);
  expect(nmi(one, one)).toBe(1);
});

test("a poor clustering has scikit-learn's numbers", () => {
  const a = Array.from({ length: 50 }, (_, i) => ((i * i + 3 * i) % 5) % 4);
  const b = Array.from({ length: 50 }, (_, i) => (i * 3 + Math.floor(i / 7)) % 5);
  expect(nmi(a, b)).toBeCloseTo(0.010044046785459606, 12);
  expect(ari(a, b)).toBeCloseTo(-0.023553406362051384, 12);
  expect(clusteringAccuracy(a, b)).toBeCloseTo(0.24, 12);
});

test("more clusters than classes leave some unmatched", () => {
  expect(clusteringAccuracy([0, 0, 1, 1], [0, 1, 2, 2])).toBe(0.75);
  expect(() => nmi([0], [0, 1])).toThrow("got 1 and 2");
});

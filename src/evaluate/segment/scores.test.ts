/** @file Thresholds, best heads, average precision and true masks, by hand. */

import { expect, test } from "vitest";
import { averagePrecision } from "./average-precision.ts";
import { bestHeadIou, coverage, coverageIou } from "./best-head.ts";
import { byClass, parsePolygons, regions } from "./ground-truth.ts";
import { area, boxOf, enlarge, maskIou, maskOf } from "./mask.ts";
import { largestEntries, largestMass } from "./mask-rule.ts";

test("largestEntries: ⌈60 %⌉ of the patches, whatever their weights", () => {
  expect([...largestEntries([0.9, 0.01, 0.04, 0.02, 0.03])]).toEqual([1, 0, 1, 0, 1]);
  expect(() => largestEntries([1], 0)).toThrow("expected a share above 0 and up to 1, got 0");
});

test("60 % of the mass is one patch where it holds that much", () => {
  expect([...largestMass([0.9, 0.01, 0.04, 0.02, 0.03])]).toEqual([1, 0, 0, 0, 0]);
  // sums from the smallest on: .1 .3 .6 1; above .4 are the last two; a map that is not normalised is the same
  expect([...largestMass([1, 2, 3, 4])]).toEqual([0, 0, 1, 1]);
});

test("bestHeadIou: the best head of each object; counts by patch are the pixels of the enlarged mask", () => {
  const truth = maskOf([
    [1, 1, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [0, 0, 0, 0, 1],
  ]);
  const counts = coverage(truth, [2, 2]);
  for (const cells of [Uint8Array.of(1, 0, 0, 0), Uint8Array.of(0, 1, 1, 1), Uint8Array.of(0, 0, 0, 0)]) {
    const enlarged = enlarge({ rows: 2, columns: 2, cells }, 3, 5);
    expect(coverageIou(cells, counts)).toBeCloseTo(maskIou(enlarged, truth), 12);
  }
  const left = coverage(maskOf([[1, 0]]), [1, 2]);
  const right = coverage(maskOf([[0, 1]]), [1, 2]);
  expect(bestHeadIou([Uint8Array.of(1, 0), Uint8Array.of(1, 1)], [left, right])).toBe((1 + 0.5) / 2);
});

test("AP: perfect boxes 1, boxes shifted to IoU 0.6 count at three thresholds of ten", () => {
  const judged = (overlaps: number[][], scores: number[], objects = 1) => ({
    ...{ scores, overlaps, objects: Array.from({ length: objects }, () => ({ area: 100 })) },
    areas: overlaps.map(() => 100),
  });
  const image = (overlaps: number[][], objects = 1) =>
    judged(
      overlaps,
      overlaps.map(() => 1),
      objects,
    );
  const perfect = averagePrecision([image([[1]]), image([[1]])]);
  expect(perfect).toEqual({ ap: 1, ap50: 1, ap75: 1, small: 1, medium: Number.NaN, large: Number.NaN });
  // a 10 × 10 box shifted by 2.5 has IoU 75 / 125 = 0.6: right at .50, .55 and .60
  const shifted = averagePrecision([image([[0.6]])]);
  expect([shifted.ap50, shifted.ap75]).toEqual([1, 0]);
  expect(shifted.ap).toBeCloseTo(0.3, 12);
  // one of two objects found: precision 1 at the 51 recalls up to ½
  expect(averagePrecision([image([[1, 0]], 2)]).ap).toBeCloseTo(51 / 101, 12);
  // the second prediction of one object is wrong; surer than the right one, a wrong one halves the precision
  expect(averagePrecision([judged([[0], [1]], [0.9, 0.5])]).ap).toBeCloseTo(0.5, 12);
  expect(averagePrecision([judged([[1], [1]], [0.9, 0.5])]).ap).toBe(1);
  expect(averagePrecision([image([], 0)]).ap).toBeNaN();
});

test("polygons are filled, objects of one class joined, label maps taken apart", () => {
  const masks = parsePolygons(
    "3 0 0 .5 0 .5 1 0 1\n3 .75 0 1 0 1 1 .75 1\n\n7 0 0 1 0 0 1\n",
    [4, 8],
    "x.txt",
  );
  expect(masks.map(({ mask }) => area(mask))).toEqual([16, 8, 16]);
  expect(boxOf(masks[1]!.mask)).toEqual({ left: 6, top: 0, right: 8, bottom: 4 });
  expect(byClass(masks).map((one) => [one.class, area(one.mask)])).toEqual([
    [3, 24],
    [7, 16],
  ]);
  expect(area(masks[0]!.mask)).toBe(16); // joining leaves the parts alone
  expect(() => parsePolygons("3 0 0 1", [4, 4], "x.txt")).toThrow("x.txt: line 1");
  expect(regions(Uint8Array.of(0, 255, 255, 0), 2, 2).map(({ mask }) => area(mask))).toEqual([2]);
  expect(regions(Uint8Array.of(0, 1, 1, 5), 2, 2, 2).map((one) => [one.class, area(one.mask)])).toEqual([
    [512, 1],
    [513, 2],
    [517, 1],
  ]);
});

/** @file Masks small enough to draw. */

import { expect, test } from "vitest";
import { area, boxIou, boxOf, componentOf, components, enlarge, fillHoles, maskIou, maskOf } from "./mask.ts";

const ring = maskOf([
  [1, 1, 1, 0, 0],
  [1, 0, 1, 0, 1],
  [1, 1, 1, 0, 1],
  [0, 0, 0, 1, 0],
]);

test("components touch by sides, not by corners", () => {
  expect(components(ring).map(area)).toEqual([8, 2, 1]);
  expect(boxOf(componentOf(ring, 9))).toEqual({ left: 4, top: 1, right: 5, bottom: 3 });
  expect(area(componentOf(ring, 6))).toBe(0); // the hole
  expect(boxOf(componentOf(ring, 6))).toBeUndefined();
});

test("a hole is filled, a bay is not", () => {
  expect(area(fillHoles(ring))).toBe(12);
  const bay = maskOf([
    [1, 1, 1],
    [1, 0, 0],
    [1, 1, 1],
  ]);
  expect(fillHoles(bay)).toEqual(bay);
  // open to a corner only: no side leads out
  const corner = maskOf([
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 1],
  ]);
  expect(area(fillHoles(corner))).toBe(8);
});

test("IoU of rectangles: 2 × 2 shifted by one is 2 of 6 or 1 of 7", () => {
  const square = { left: 0, top: 0, right: 2, bottom: 2 };
  expect(boxIou(square, { left: 1, top: 0, right: 3, bottom: 2 })).toBeCloseTo(1 / 3, 12);
  expect(boxIou(square, { left: 1, top: 1, right: 3, bottom: 3 })).toBeCloseTo(1 / 7, 12);
  expect(boxIou(square, { left: 2, top: 0, right: 4, bottom: 2 })).toBe(0);
  const a = maskOf([[1, 1, 0]]);
  const b = maskOf([[0, 1, 1]]);
  expect(maskIou(a, b)).toBeCloseTo(1 / 3, 12);
  expect(() => maskIou(a, maskOf([[1, 1]]))).toThrow("1 × 3 and 1 × 2");
});

test("enlarging repeats cells, also where the sizes do not divide", () => {
  const mask = maskOf([[1, 0]]);
  expect(enlarge(mask, 2, 4)).toEqual(
    maskOf([
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ]),
  );
  expect([...enlarge(mask, 1, 3).cells]).toEqual([1, 1, 0]);
});

/** @file Intervals of mIoU by layer, and of the difference of two models. */

import { expect, test } from "vitest";
import { differenceIntervals, layerIntervals } from "./intervals.ts";

const noise = (i: number, l: number) => (Math.sin(12.9898 * i + 78.233 * l) * 43758.5453) % 1;
/** Images differ far more than models do. */
const ious = (shift: readonly number[]) =>
  shift.map((by, l) =>
    Array.from({ length: 60 }, (_, i) => 0.4 + 0.3 * Math.sin(i) + by + 0.01 * noise(i, l)),
  );
const once = { resamples: 1000, seed: 3 };

test("each layer has its mean and bounds around it; the best is chosen anew in each resample", () => {
  const found = layerIntervals([ious([0, 0.1, 0.05])], once);
  expect(found.layers.length).toBe(3);
  for (const { value, low, high } of found.layers) {
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(high - low).toBeCloseTo((2 * 1.96 * 0.3 * Math.SQRT1_2) / Math.sqrt(60), 1); // the normal approximation
  }
  expect(found.best).toEqual(found.layers[1]); // it is the best in every resample
});

test("paired: a difference that is small beside that of images is seen", () => {
  const [a, b] = [ious([0, 0.1]), ious([0, 0.08, 0])];
  const { layers, best } = differenceIntervals([a], [b], once);
  expect(layers.length).toBe(2);
  expect([layers[1]!.value, best.value].map((value) => Math.abs(value - 0.02) < 0.01)).toEqual([true, true]);
  expect(layers[1]!.low).toBeGreaterThan(0);
  // apart, their intervals overlap
  const [of, other] = [layerIntervals([a], once).best, layerIntervals([b], once).best];
  expect(of.low).toBeLessThan(other.high);
  expect(() => differenceIntervals([a], [[[0.5]]], once)).toThrow(
    "two models on the same images, got 60 and 1",
  );
});

test("seeds: their mean, and a spread that a difference of one seed does not have", () => {
  const [a, b] = [[-0.05, 0, 0.05].map((by) => ious([by])), [-0.06, -0.01, 0.04].map((by) => ious([by]))];
  const middle = layerIntervals([a[1]!], once).layers[0]!;
  const all = layerIntervals(a, once).layers[0]!;
  expect(all.value).toBeCloseTo(middle.value, 6);
  expect(all.high - all.low).toBeGreaterThan(middle.high - middle.low);
  expect(differenceIntervals([a[1]!], [b[1]!], once).best.low).toBeGreaterThan(0);
  expect(differenceIntervals(a, b, once).best.low).toBeLessThan(0); // seeds differ by more than the models do
  expect(() => layerIntervals([a[0]!, ious([0, 0])], once)).toThrow("got models of 1, 2 layers");
});

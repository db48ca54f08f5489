import { expect, test } from "vitest";
import { meanCurve } from "./mean-curve.ts";

const columns = (step: number[], values: number[]) => ({
  step: Float64Array.from(step),
  columns: { "eval/top1": { min: Float32Array.from(values), max: Float32Array.from(values), last: Float32Array.from(values) } }, // biome-ignore format: short
});

test("means over seeds with the least and the largest, at every step that one of them has", () => {
  const runs = [
    columns([1, 5, 10], [Number.NaN, 40, 60]),
    columns([5, 10], [50, 70]),
    columns([5, 7], [60, 10]),
  ];
  expect(meanCurve(runs, "eval/top1")).toEqual({
    step: [5, 7, 10],
    min: [40, 10, 60],
    max: [60, 10, 70],
    last: [50, 10, 65],
  });
  expect(meanCurve(runs, "eval/loss")).toEqual({ step: [], min: [], max: [], last: [] });
});

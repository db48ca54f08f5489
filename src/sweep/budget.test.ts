import { expect, test } from "vitest";
import { costOf, lengthInSeconds, lengthInSteps, outOfParameters } from "./budget.ts";
import { spread, spreadInWords } from "./summary.ts";

const cost = { step: 0.5, evaluation: 3 };

test("a budget of seconds is the most epochs whose steps and evaluations fit", () => {
  // an epoch of 10 steps takes 5 s, an evaluation 3
  const everyEpoch = { steps: 100, perEpoch: 10, evalEvery: 10 };
  expect([7.9, 8, 15.9, 16, 80].map((budget) => lengthInSeconds(budget, everyEpoch, cost))).toEqual([
    0, 1, 1, 2, 10,
  ]);
  const everyThird = { ...everyEpoch, evalEvery: 30 }; // and at the end: 1, 2, 3 epochs have one, 4 have two
  expect([8, 18, 26, 31].map((budget) => lengthInSeconds(budget, everyThird, cost))).toEqual([1, 3, 4, 5]);
  expect(lengthInSeconds(53, { steps: 9 }, cost)).toBe(100); // steps, evaluated once
});

test("a budget of steps is the nearest epoch, or as many steps", () => {
  expect([1, 14, 15, 26].map((steps) => lengthInSteps(steps, { steps: 1, perEpoch: 10 }))).toEqual([
    1, 1, 2, 3,
  ]);
  expect(lengthInSteps(1234, { steps: 1 })).toBe(1234);
});

test("a step's cost is the slope after the warm-up, the evaluation's what comes after the last step", () => {
  const records = Array.from({ length: 24 }, (_, i) => ({
    step: i + 1,
    "time/processorSeconds": i < 8 ? 5 + i : 12 + 0.25 * (i - 7),
  }));
  const found = costOf([...records, { step: 24, "eval/top1": 3 }], 18);
  expect(found.step).toBeCloseTo(0.25, 12);
  expect(found.evaluation).toBeCloseTo(18 - 16, 12);
  expect(() => costOf(records.slice(0, 8), 1)).toThrow(
    "--budget-seconds: expected runs of more than 8 optimiser steps to measure, got 8",
  );
});

test("a model may have 5 % more or fewer parameters", () => {
  for (const parameters of [95, 100, 105]) expect(outOfParameters(100, parameters)).toBeUndefined();
  expect(outOfParameters(700_000, 181_258)).toBe("181,258 parameters, 74 % fewer than the budget of 700,000");
  expect(outOfParameters(100, 106)).toMatch("6 % more");
});

test("spread: mean and deviation of a sample", () => {
  expect(spread([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7) });
  expect(spread([3])).toEqual({ mean: 3, deviation: undefined });
  expect(spread([])).toBeUndefined();
  expect([spread([72.4, 72.6]), spread([1.5]), spread([10, 10]), undefined].map(spreadInWords)).toEqual([
    "72.50 ± 0.14",
    "1.5000",
    "10",
    "",
  ]);
});

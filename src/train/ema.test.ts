/** @file The moving average against its recurrence; the model's own weights come back to the bit. */

import { expect, test } from "vitest";
import { noGrad, tensor } from "../tensor/index.ts";
import { MovingAverage } from "./ema.ts";

const weights = () => new Map([["w", tensor([1, -2, 0.1]).setRequiresGrad()]]);

test("it follows W̄ ← d W̄ + (1 − d) W from W̄ = W, and is a leaf of its own", () => {
  const parameters = weights();
  using w = parameters.get("w")!;
  const average = new MovingAverage(parameters, 0.75);
  const expected = [1, -2, 0.1];
  for (const step of [1, 2, 3]) {
    noGrad(() => w.add_(step));
    average.update();
    w.numbers().forEach((value, i) => {
      expected[i] = 0.75 * expected[i]! + 0.25 * value;
    });
  }
  const found = average.stateDict().get("w")!;
  found.numbers().forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
  expect(found.requiresGrad).toBe(false);
  average.dispose();
});

test("the model has the averages while the body runs, also when it throws, and not afterwards", async () => {
  const parameters = weights();
  using w = parameters.get("w")!;
  const average = new MovingAverage(parameters, 0.5);
  noGrad(() => w.add_(0.3)); // 0.1 + 0.3 is not exact: what comes back must be
  const own = w.numbers();
  const inside = await average.during(async () => w.numbers());
  expect(inside).toEqual([1, -2, Math.fround(0.1)]);
  expect(w.numbers()).toEqual(own);
  const failing = average.during(async () => {
    throw new Error("no images");
  });
  await expect(failing).rejects.toThrow("no images");
  expect(w.numbers()).toEqual(own);
  average.dispose();
});

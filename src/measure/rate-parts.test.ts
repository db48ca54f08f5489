/** @file R^c by head and by stretch: closed forms, sums over heads, what a causal model shows. */

import { expect, test } from "vitest";
import { createModel } from "../model/index.ts";
import { authorsLayerRate } from "../rate/index.ts";
import { cat, eye, memory, ones, random, scope } from "../tensor/index.ts";
import { measureLayers } from "./meter.ts";
import { RatePartSums } from "./rate-parts.ts";

const wide = { dtype: "float64" } as const;
const settings = { authorsEpsilon: 0.01, windows: 4 };

test("heads add up to the layer, over samples of several batches", () => {
  scope(() => {
    const W = random(1).normal([5, 3, 16, 4], wide);
    const sums = new RatePartSums(settings);
    sums.add(W.narrow(0, 0, 2));
    sums.add(W.narrow(0, 2, 3));
    const { headRates, windowRates } = sums.means()!;
    const whole = authorsLayerRate(W, 0.01).numbers();
    expect(headRates.length).toBe(3);
    expect(headRates.reduce((a, b) => a + b)).toBeCloseTo(whole.reduce((a, b) => a + b) / 5, 10);
    expect(windowRates!.map((heads) => heads.length)).toEqual([3, 3, 3, 3]);
    for (const [w, heads] of windowRates!.entries()) {
      const own = authorsLayerRate(W.narrow(2, 4 * w, 4), 0.01).numbers();
      expect(heads.reduce((a, b) => a + b)).toBeCloseTo(own.reduce((a, b) => a + b) / 5, 10);
    }
  });
});

test("closed forms: a head of equal tokens, and stretches of equal and of orthogonal ones", () => {
  scope(() => {
    const [p, m] = [4, 4];
    const one = ones([1, 1, m, p], wide);
    const axes = eye(p, wide).reshape([1, 1, m, p]);
    const sums = new RatePartSums({ authorsEpsilon: 0.01, windows: 2 });
    sums.add(cat([cat([one, one.mul(3)], 2), cat([axes, one], 2)], 1)); // two heads of eight tokens
    const { headRates, windowRates } = sums.means()!;
    const equal = 0.5 * Math.log(1 + p / 0.01);
    const orthogonal = 0.5 * m * Math.log(1 + p / (m * 0.01));
    expect(headRates[0]).toBeCloseTo(equal, 10);
    for (const [found, expected] of [
      [windowRates![0]!, [equal, orthogonal]],
      [windowRates![1]!, [equal, equal]],
    ] as const)
      found.forEach((rate, k) => {
        expect(rate).toBeCloseTo(expected[k]!, 10);
      });
  });
});

test("of a language model each layer has them; sequences that are too short have no stretches, images none", () => {
  const before = memory().tensors;
  scope(() => {
    const sizes = { dim: 16, depth: 2, heads: 2, context: 16, vocabulary: 12 };
    const model = createModel("crate_gpt", sizes, random(1), "language").eval();
    const text = (n: number) => random(2).integers([3, n], 0, 12);
    const measured = measureLayers(model, text(16), { windows: 8, spectra: 1 })[0]!.layers;
    for (const { headRates, windowRates, authorsRate } of measured) {
      expect(headRates!.reduce((a, b) => a + b)).toBeCloseTo(authorsRate!.mean, 8);
      expect(windowRates!.map((heads) => heads.length)).toEqual(Array.from({ length: 8 }, () => 2));
    }
    expect(
      measureLayers(model, text(5), { windows: 8, spectra: 1 })[0]!.layers[0]!.windowRates,
    ).toBeUndefined();
    expect(measureLayers(model, text(16), { spectra: 1 })[0]!.layers[0]!.windowRates).toBeUndefined();
    expect(() => measureLayers(model, text(16), { windows: -1 })).toThrow("windows: expected a whole number");
    model.dispose();
  });
  expect(memory().tensors).toBe(before);
});

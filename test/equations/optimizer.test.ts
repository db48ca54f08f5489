/** @file The optimisers, held to their recurrences in plain numbers. */

import { expect, test } from "vitest";
import { createOptimizer, scope, tensor } from "../../src/index.ts";
import type { OptimizerOptions } from "../../src/train/index.ts";

const gradients = [0.3, -0.7, 0.2, 0.05];
const lr = 0.1;

/** One number after four steps with those gradients. */
function run(name: string, options: OptimizerOptions): number {
  return scope(() => {
    const p = tensor([1], { dtype: "float64" });
    using optimizer = createOptimizer(name, new Map([["p", p]]), options);
    for (const g of gradients) optimizer.step([tensor([g], { dtype: "float64" })], lr);
    return p.item();
  });
}

/** Adam in plain numbers; `decay` changes p before the step, `gradient` changes g. */
function adam(decay: (p: number) => number, gradient: (g: number, p: number) => number): number {
  let [p, m, v] = [1, 0, 0];
  gradients.forEach((raw, i) => {
    const g = gradient(raw, p);
    p = decay(p);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    p -= (lr * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
  });
  return p;
}

test("adamStep: moments corrected for their start at zero, with the decay in the gradient for adam", () => {
  const expected = adam(
    (p) => p,
    (g, p) => g + 0.1 * p,
  );
  expect(run("adam", { weightDecay: 0.1 })).toBeCloseTo(expected, 12);
});

test("adamw: p ← p (1 − lr · wd) before Adam's step", () => {
  const expected = adam(
    (p) => p * (1 - lr * 0.1),
    (g) => g,
  );
  expect(run("adamw", { weightDecay: 0.1 })).toBeCloseTo(expected, 12);
});

test("lion: the sign of one average moves p, the other average is kept", () => {
  let [p, m] = [1, 0];
  for (const g of gradients) {
    p = p * (1 - lr * 0.1) - lr * Math.sign(0.9 * m + 0.1 * g);
    m = 0.99 * m + 0.01 * g;
  }
  expect(run("lion", { weightDecay: 0.1 })).toBeCloseTo(p, 12);
});

test("lars: steps of weights in proportion to their norms, never above lr; biases as in plain SGD", () => {
  const [wd, trust, momentum] = [0.1, 0.02, 0.9];
  const start = { weight: [[3, 4]], flat: [[0.3, 0.4]], zero: [[0, 0]], bias: [3, 4] };
  const slopes = [
    { weight: [[0.6, 0.8]], flat: [[0, 0]], zero: [[1, 0]], bias: [0.6, 0.8] },
    { weight: [[-1, 0]], flat: [[1e-4, 0]], zero: [[0, 2]], bias: [-1, 0] },
  ];
  const names = ["weight", "flat", "zero", "bias"] as const;
  const flat = (values: (number | number[])[]): number[] => values.flat();
  const expected = names.map((name) => {
    const p = [...flat(start[name])];
    const m = p.map(() => 0);
    for (const all of slopes) {
      const g = flat(all[name]);
      const [size, slope] = [Math.hypot(...p), Math.hypot(...g)];
      const ratio = Math.min(1, (trust * size) / ((slope + wd * size + 1e-8) * lr));
      p.forEach((value, i) => {
        const scaled = size > 0 && slope > 0 ? (g[i]! + wd * value) * ratio : g[i]!;
        m[i] = momentum * m[i]! + (name === "bias" ? g[i]! : scaled);
        p[i] = value - lr * m[i]!;
      });
    }
    return p;
  });
  scope(() => {
    const wide = { dtype: "float64" } as const;
    const parameters = new Map(names.map((name) => [name, tensor(start[name], wide)]));
    using optimizer = createOptimizer("lars", parameters, { weightDecay: wd, momentum });
    for (const all of slopes)
      optimizer.step(
        names.map((name) => tensor(all[name], wide)),
        lr,
      );
    [...parameters.values()].forEach((parameter, at) => {
      for (const [i, value] of parameter.numbers().entries())
        expect(value).toBeCloseTo(expected[at]![i]!, 12);
    });
  });
});

import { expect, test } from "vitest";
import { eye, random, scope, type Tensor, tensor } from "../tensor/index.ts";
import { authorsLayerRate, estimate, nonZeroShare, paperLayerRate, rateAgainstSubspaces } from "./index.ts";

const near = (ours: Tensor, plain: number, digits = 10): void => {
  for (const value of ours.numbers()) expect(value / plain).toBeCloseTo(1, digits);
};

test("the ceiling, (K p / 2) log(1 + 1/ε), is reached by tokens spread evenly and never passed", () => {
  scope(() => {
    const [K, p] = [3, 8];
    const ceiling = ((K * p) / 2) * Math.log(1 + 1 / 0.01);
    const even = eye(p, { dtype: "float64" }).expand([2, K, p, p]);
    near(authorsLayerRate(even, 0.01), ceiling);
    const some = authorsLayerRate(random(1).normal([4, K, 40, p], { dtype: "float64" }), 0.01).numbers();
    for (const rate of some) expect(rate).toBeLessThan(ceiling);
  });
});

test("equal tokens: ½ K log(1 + p/ε); orthonormal ones: ½ K m log(1 + p/(m ε))", () => {
  scope(() => {
    const [K, m, p] = [4, 17, 6];
    const equal = random(2).normal([1, K, 1, p], { dtype: "float64" }).expand([3, K, m, p]);
    near(authorsLayerRate(equal, 0.01), 0.5 * K * Math.log(1 + p / 0.01));
    const few = eye(p, { dtype: "float64" }).narrow(0, 0, 4).expand([2, K, 4, p]);
    near(authorsLayerRate(few, 0.01), 0.5 * K * 4 * Math.log(1 + p / (4 * 0.01)));
  });
});

test("tokens are scaled to unit length: how long they are makes no difference, unless it is nothing", () => {
  scope(() => {
    const W = random(3).normal([2, 2, 5, 4], { dtype: "float64" });
    const lengths = random(4).uniform([2, 2, 5, 1], 0.1, 10, { dtype: "float64" });
    const [plain, scaled] = [
      authorsLayerRate(W, 0.01).numbers(),
      authorsLayerRate(W.mul(lengths), 0.01).numbers(),
    ];
    for (const [i, rate] of plain.entries()) expect(scaled[i]).toBeCloseTo(rate, 10);
    W.select(0, 1).select(0, 0).select(0, 0).fill_(0); // as in the authors' code: 0 / 0
    expect(authorsLayerRate(W, 0.01).numbers().map(Number.isNaN)).toEqual([false, true]);
  });
});

test("the paper's rate is Rᶜ of the tokens, with ε squared", () => {
  scope(() => {
    const [Z, U] = [random(5).normal([2, 6, 8]), random(6).normal([3, 8, 2])];
    const options = { epsilon: 0.3 };
    expect(paperLayerRate(Z, U, options).numbers()).toEqual(rateAgainstSubspaces(Z, U, options).numbers());
  });
});

test("the estimate has the unbiased deviation, and one sample has none", () => {
  expect(estimate([1, 3])).toEqual({ mean: 2, std: Math.SQRT2 });
  expect(estimate([5])).toEqual({ mean: 5, std: Number.NaN });
});

test("the share of non-zeros counts what is exactly zero, per sample", () => {
  scope(() => {
    const Z = tensor([
      [
        [0, 1],
        [-0, 1e-30],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(nonZeroShare(Z).numbers()).toEqual([0.5, 0]);
  });
});

import { expect, test } from "vitest";
import { eye, full, random, scope, tensor } from "../../tensor/index.ts";
import { frechetDistance, inceptionScore, squareRoot } from "./frechet.ts";

const double = { dtype: "float64" } as const;

test("a set is at distance 0 from itself, and at ‖δ‖² from itself shifted by δ", () => {
  scope(() => {
    const X = random(1).normal([50, 6], double);
    expect(frechetDistance(X, X)).toBeCloseTo(0, 8);
    const shift = tensor([1, 0, 2, 0, 0, 2], double);
    expect(frechetDistance(X, X.add(shift))).toBeCloseTo(9, 8);
  });
});

test("scaling by s is at distance (s − 1)² tr Σ; fewer samples than dimensions are no obstacle", () => {
  scope(() => {
    const raw = random(2).normal([5, 12], double);
    const X = raw.sub(raw.mean(0));
    const trace = X.square().sum().item() / 4;
    expect(frechetDistance(X, X.mul(3))).toBeCloseTo(4 * trace, 5);
  });
});

test("for one dimension it is the closed form (μ₁ − μ₂)² + (σ₁ − σ₂)²", () => {
  scope(() => {
    const [a, b] = [tensor([[0], [2]], double), tensor([[1], [5]], double)];
    const [s, t] = [Math.SQRT2, 2 * Math.SQRT2];
    expect(frechetDistance(a, b)).toBeCloseTo(4 + (s - t) ** 2, 10);
  });
});

test("the square root squares back", () => {
  scope(() => {
    const X = random(3).normal([8, 5], double);
    const S = X.T.matmul(X);
    const root = squareRoot(S);
    expect(root.matmul(root).sub(S).abs().max().item()).toBeLessThan(1e-10);
  });
});

test("inceptionScore: the inception score is 1 for one answer to everything, and the number of classes for sure and balanced answers", () => {
  scope(() => {
    expect(inceptionScore(full([40, 4], 0.25)).mean).toBeCloseTo(1, 6);
    const sure = eye(4).reshape([1, 4, 4]).expand([10, 4, 4]).reshape([40, 4]);
    const { mean, std } = inceptionScore(sure);
    expect(mean).toBeCloseTo(4, 6);
    expect(std).toBeCloseTo(0, 6);
    expect(inceptionScore(sure, 1).std).toBeNaN();
  });
});

test("what does not fit is said", () => {
  scope(() => {
    const X = random(4).normal([5, 3]);
    expect(() => frechetDistance(X, random(4).normal([5, 2]))).toThrow("got 3 and 2");
    expect(() => frechetDistance(X.narrow(0, 0, 1), X)).toThrow("at least 2");
    expect(() => frechetDistance(X.div(0), X)).toThrow("fréchet");
    expect(() => inceptionScore(X, 6)).toThrow("for 6 splits");
  });
});

import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { bySingularValues, parameter } from "../../test/rates.ts";
import { withThreads } from "../../test/with-threads.ts";
import { arange, gradients, ones, random, scope, type Tensor, zeros } from "../tensor/index.ts";
import { codingRate, halfLogDet, logDet1p } from "./coding-rate.ts";
import { MCR2_EPSILON, mcr2Loss } from "./mcr2.ts";

/** Rates of a batch and their gradient, in single precision. */
const ratesOf = (W: Tensor, alpha: number): [Tensor, Tensor] => {
  const leaf = parameter(W.detach());
  const rates = halfLogDet(leaf, alpha);
  return [rates.detach(), gradients(rates.sum(), [leaf])[0]!];
};

test.each([
  [1, 1],
  [2, 3],
  [17, 15],
  [40, 16],
  [95, 17],
  [97, 33],
  [100, 128],
  [800, 48],
  [300, 100],
  [129, 129],
  [20, 70],
  [300, 256],
  [300, 257],
])("%d tokens in %d dimensions: rates and gradients are those of the singular values", (n, d) => {
  scope(() => {
    const W = random(1).normal([4, n, d]);
    const alpha = d / (n * 0.25);
    const [rates, gradient] = ratesOf(W, alpha);
    for (let i = 0; i < 4; i++) {
      const expected = bySingularValues(W.select(0, i), alpha);
      expect(Math.abs(rates.numbers()[i]! / expected.rate - 1)).toBeLessThan(2e-5);
      expectClose(gradient.select(0, i), expected.gradient, 2e-5);
    }
  });
});

test("heads that lie apart in memory, and half precision, give the same", () => {
  scope(() => {
    const W = random(2).normal([3, 50, 2, 40]).to("bfloat16").to("float32");
    const apart = W.transpose(1, 2); //                                         [3, 2, 50, 40]
    const [expected, slope] = ratesOf(apart.contiguous(), 3);
    const [rates, gradient] = ratesOf(apart, 3);
    expect(rates.numbers()).toEqual(expected.numbers());
    expectClose(gradient, slope, 1e-6);
    const [half, coarse] = ratesOf(apart.to("bfloat16"), 3);
    expect([half.dtype, coarse.dtype]).toEqual(["float32", "bfloat16"]);
    expectClose(half, expected, 1e-6);
    expectClose(coarse.to("float32"), slope, 1e-2);
  });
});

test("sums over many tokens keep their digits, of one matrix and of a batch", () => {
  scope(() => {
    const n = 300_000;
    const Z = ones([n, 1])
      .mul(0.1)
      .matmul(ones([1, 2])); //                    float32's 0.1
    const z = Z.select(0, 0).to("float64").square().sum().item();
    const expected = Math.log1p((2 / (n * 0.25)) * n * z) / 2;
    // 96 equal terms lose up to 48 units in the last place, one after the other, and 1 + G half a one of a larger number
    const bound = 4e-6;
    expect(Math.abs(codingRate(Z, { epsilon: 0.5 }).item() / expected - 1)).toBeLessThan(bound);
    for (const rate of codingRate(Z.unsqueeze(0).expand([2, n, 2]), { epsilon: 0.5 }).numbers())
      expect(Math.abs(rate / expected - 1)).toBeLessThan(bound);
  });
});

test("log det(I + G) and its gradient, of a batch that fills no register", () => {
  scope(() => {
    const X = random(3).normal([5, 30, 21]);
    const G = parameter(X.transpose(1, 2).matmul(X).detach());
    const values = logDet1p(G);
    const wide = parameter(G.detach().to("float64"));
    const expected = logDet1p(wide);
    expectClose(values.detach(), expected.detach(), 1e-6);
    expectClose(gradients(values.sum(), [G])[0]!, gradients(expected.sum(), [wide])[0]!, 1e-5);
  });
});

test("threads change rounding only; on as many threads, no bit changes", () => {
  scope(() => {
    const W = random(4).normal([6, 400, 32]);
    const Z = random(5).normal([200, 16]);
    const labels = arange(200).remainder(4);
    const evaluate = (threads: number): Tensor[] =>
      withThreads(threads, () => {
        const leaf = parameter(Z.detach());
        const { loss } = mcr2Loss(leaf, labels, 4, { epsilon: MCR2_EPSILON });
        return [...ratesOf(W, 1), loss.detach(), gradients(loss, [leaf])[0]!];
      });
    const [one, two, again] = [evaluate(1), evaluate(2), evaluate(2)];
    two.forEach((value, i) => {
      expect(value.numbers()).toEqual(again[i]!.numbers());
      expectClose(one[i]!, value, 1e-5);
    });
  });
});

test("mcr2Loss: one class, absent classes and classes smaller than the dimension are as in double precision", () => {
  scope(() => {
    for (const [n, d, classes, used] of [
      [30, 8, 1, 1],
      [200, 16, 6, 3],
      [24, 40, 5, 3],
      [60, 20, 30, 20],
    ] as const)
      for (const gamma1 of [1, 3]) {
        const given = random(6).normal([n, d]);
        const labels = arange(n).remainder(used);
        const [single, double] = (["float32", "float64"] as const).map((dtype) => {
          const Z = parameter(given.to(dtype).detach());
          const parts = mcr2Loss(Z, labels, classes, { epsilon: 0.7, gamma1, gamma2: 0.5 });
          return { ...parts, gradient: gradients(parts.loss, [Z])[0]! };
        });
        for (const name of ["expansion", "compression", "rate", "gradient"] as const)
          expectClose(single![name].detach(), double![name].detach(), 1e-5);
        expect(double!.loss.item()).toBeCloseTo(
          double!.compression.item() - 0.5 * double!.expansion.item(),
          10,
        );
      }
    expect(() => mcr2Loss(ones([2, 2]), zeros([2], { dtype: "int64" }).sub(1), 2, { epsilon: 1 })).toThrow(
      "0 ≤ label < 2 classes, got -1 for sample 0",
    );
  });
});

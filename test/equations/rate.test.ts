/** @file The rates, held to their formulas written out with log det. A title begins with the symbol it checks. */

import { expect, test } from "vitest";
import {
  aten,
  codingRate,
  eye,
  random,
  rateAgainstSubspaces,
  rateReduction,
  scope,
  sparseRateReduction,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import {
  authorsLayerRate,
  nonZeroShare,
  paperLayerRate,
  rateAgainstMemberships,
} from "../../src/rate/index.ts";

const wide = { dtype: "float64" } as const;
const stream = random(7);
const epsilon = 0.3;

/** ½ log det(I + α ZᵀZ), by libtorch's own determinant. */
const half = (Z: Tensor, alpha: number): number => {
  const G = Z.T.matmul(Z)
    .mul(alpha)
    .add(eye(Z.size(-1), wide));
  return aten("logdet", G).item() / 2;
};

/** Z [b, n, d], U [K, d, p] with orthonormal columns. */
function tokens(): { Z: Tensor; U: Tensor } {
  const Z = stream.at("Z").normal([2, 9, 6], wide);
  const [U] = aten<[Tensor, Tensor]>("linalg_qr", stream.at("U").normal([3, 6, 2], wide));
  return { Z, U };
}

/** Rᶜ(Z | U) of one sample, subspace by subspace. */
const againstSubspaces = (Z: Tensor, U: Tensor): number =>
  U.unbind(0).reduce((sum, Uk) => sum + half(Z.matmul(Uk), 2 / (9 * epsilon ** 2)), 0);

test("codingRate: ½ log det(I + d/(n ε²) ZᵀZ), for each sample", () =>
  scope(() => {
    const { Z } = tokens();
    const expected = Z.unbind(0).map((sample) => half(sample, 6 / (9 * epsilon ** 2)));
    const rates = codingRate(Z, { epsilon }).numbers();
    for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[i]!, 10);
    expect(
      codingRate(
        tensor([
          [1, 0],
          [0, 1],
        ]),
        { epsilon: 1 },
      ).item(),
    ).toBeCloseTo(Math.log(2), 6);
  }));

test("rateAgainstSubspaces: the sum over subspaces of the rates of Z Uₖ", () =>
  scope(() => {
    const { Z, U } = tokens();
    const rates = rateAgainstSubspaces(Z, U, { epsilon }).numbers();
    for (const [i, sample] of Z.unbind(0).entries())
      expect(rates[i]).toBeCloseTo(againstSubspaces(sample, U), 10);
  }));

test("rateAgainstMemberships: Σⱼ nⱼ/(2n) log det(I + d/(nⱼ ε²) Zᵀ diag(πⱼ) Z), soft memberships and an empty class", () =>
  scope(() => {
    const Z = tokens().Z.select(0, 0); //                                       [9, 6]
    const soft = stream.at("Pi").uniform([9, 3], 0, 1, wide);
    const Pi = soft.mul(tensor([1, 1, 0], wide)); //                            the third class has no samples
    const expected = [0, 1].reduce((sum, j) => {
      const weights = Pi.select(1, j);
      const count = weights.sum().item();
      const weighted = Z.mul(weights.sqrt().unsqueeze(-1));
      return sum + (count / 9) * half(weighted, 6 / (count * epsilon ** 2));
    }, 0);
    expect(rateAgainstMemberships(Z, Pi, { epsilon }).item()).toBeCloseTo(expected, 10);
  }));

test("rateReduction: R − Rᶜ, never negative for a partition, 0 for one class", () =>
  scope(() => {
    const Z = tokens().Z.select(0, 0);
    const Pi = tensor([0, 1, 2, 0, 1, 2, 0, 1, 2])
      .unsqueeze(-1)
      .eq(tensor([0, 1, 2]))
      .to("float64");
    const gain = rateReduction(Z, Pi, { epsilon }).item();
    const parts = codingRate(Z, { epsilon }).item() - rateAgainstMemberships(Z, Pi, { epsilon }).item();
    expect(gain).toBeCloseTo(parts, 12);
    expect(gain).toBeGreaterThan(0);
    const one = tensor(
      Array.from({ length: 9 }, () => [1]),
      wide,
    );
    expect(rateReduction(Z, one, { epsilon }).item()).toBeCloseTo(0, 10);
  }));

test("sparseRateReduction: R(Z) − Rᶜ(Z | U) − λ ‖Z‖₁", () =>
  scope(() => {
    const { Z, U } = tokens();
    const values = sparseRateReduction(Z, U, { epsilon, lambda: 0.2 }).numbers();
    for (const [i, sample] of Z.unbind(0).entries()) {
      const rate = half(sample, 6 / (9 * epsilon ** 2)) - againstSubspaces(sample, U);
      expect(values[i]).toBeCloseTo(rate - 0.2 * sample.abs().sum().item(), 9);
    }
  }));

test("paperLayerRate: Rᶜ(Z | U) for each sample", () =>
  scope(() => {
    const { Z, U } = tokens();
    const rates = paperLayerRate(Z, U, { epsilon }).numbers();
    expect(rates).toHaveLength(2);
    expect(rates[1]).toBeCloseTo(againstSubspaces(Z.select(0, 1), U), 10);
  }));

test("authorsLayerRate: closed forms for equal and for orthogonal tokens, whatever their lengths", () =>
  scope(() => {
    const [heads, n, p, epsilon] = [3, 4, 8, 0.01];
    const lengths = tensor([1, 2, 3, 4], wide).unsqueeze(-1);
    const all = (one: Tensor) => one.mul(lengths).expand([1, heads, n, p]);
    const equal = authorsLayerRate(all(eye(p, wide).narrow(0, 0, 1)), epsilon).item();
    expect(equal).toBeCloseTo((heads / 2) * Math.log(1 + p / epsilon), 10);
    const orthogonal = authorsLayerRate(all(eye(p, wide).narrow(0, 0, n)), epsilon).item();
    expect(orthogonal).toBeCloseTo((heads * n * Math.log(1 + p / (n * epsilon))) / 2, 10);
  }));

test("nonZeroShare: entries that are not exactly zero, of all, for each sample", () =>
  scope(() => {
    const Z = tensor([[[0, 1e-30, -1, 0]], [[0, 0, 0, 3]]]);
    expect(nonZeroShare(Z).numbers()).toEqual([0.5, 0.25]);
  }));

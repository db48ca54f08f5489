/** @file R − Rᶜ − (λ/2)‖Z‖²: its critical points in closed form, up to the largest λ that has any but zero. */

import { aten, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near, short } from "../claim.ts";
import { type Curve, level } from "../plot.ts";
import { identity, normal, orthonormal } from "../sample.ts";
import { type Landscape, reductionGradient, reductions } from "./two-classes.ts";

/** Two classes of 20 in 8 dimensions. */
const landscape: Landscape = { classes: 2, epsSq: 0.5 };
const [n, d] = [40, 8];
const alpha = d / (n * landscape.epsSq);

/** λ* = α (√K − 1)/(√K + 1) for K classes of equal size. */
export const BOUND = (alpha * (Math.SQRT2 - 1)) / (Math.SQRT2 + 1);

/**
 * σ² of the critical points, [ηₖ ∓ √(ηₖ² − 4λ² n/nₖ)] / (2λαₖ) with ηₖ = (αₖ − α) − λ(1 + n/nₖ); here αₖ = 2α, n/nₖ = 2.
 * The larger is a maximiser, the smaller a saddle; nothing where there are none.
 */
export function roots(lambda: number): [number, number] | undefined {
  const eta = alpha - 3 * lambda;
  const inside = eta ** 2 - 8 * lambda ** 2;
  if (eta < 0 || inside < 0) return undefined;
  return [eta - Math.sqrt(inside), eta + Math.sqrt(inside)].map((sum) => sum / (4 * lambda * alpha)) as [
    number,
    number,
  ];
}

const objective = (Z: Tensor, lambda: number): Tensor =>
  reductions(Z, landscape).sub(
    Z.square()
      .sum([-2, -1])
      .mul(lambda / 2),
  );

const gradient = (Z: Tensor, lambda: number): Tensor => reductionGradient(Z, landscape).sub(Z.mul(lambda));

/** σ (V₁U₁ᵀ, V₂U₂ᵀ), orthonormal U = [U₁ U₂] and Vₖ, of these ranks: [1, n, d] */
export function criticalPoint(random: Random, ranks: readonly [number, number], sigma: number): Tensor {
  const U = orthonormal(normal(random.at("U"), [d, d]));
  const halves = ranks.map((r, k) => {
    const V = orthonormal(normal(random.at(`V.${k}`), [n / 2, r]));
    return V.matmul(U.narrow(1, k === 0 ? 0 : ranks[0], r).T);
  });
  return aten("cat", halves).mul(sigma).unsqueeze(0);
}

/** ‖gradient‖, and the largest eigenvalue of the Hessian by central differences of the closed gradient, at one point. */
export function curvature(Z: Tensor, lambda: number): { slope: number; largest: number } {
  return scope(() => {
    const h = 1e-5;
    const moves = identity(n * d)
      .reshape([n * d, n, d])
      .mul(h);
    const H = gradient(Z.add(moves), lambda)
      .sub(gradient(Z.sub(moves), lambda))
      .div(2 * h);
    const matrix = H.reshape([n * d, n * d]);
    const largest = aten("linalg_eigvalsh", matrix.add(matrix.T).div(2)).max().item();
    return { slope: gradient(Z, lambda).norm().item(), largest };
  });
}

/** Ascent from random starts; the squared singular values at the end, [run][class · d]. */
function ascend(random: Random, runs: number, lambda: number, iterations: number) {
  return scope(() => {
    let Z = normal(random, [runs, n, d]).mul(2);
    for (let i = 0; i < iterations; i++) {
      const before = Z;
      Z = scope(() => Z.add(gradient(Z, lambda).mul(2)));
      before.dispose();
    }
    const squares = aten("linalg_svdvals", Z.reshape([runs, 2, n / 2, d])).square();
    return {
      values: objective(Z, lambda).numbers(),
      slope: gradient(Z, lambda).norm().item(),
      squares: squares.reshape([runs, 2 * d]).toArray() as number[][],
    };
  });
}

export const regularisedLandscape: Claim = {
  name: "regularised-landscape",
  title:
    "Every critical point of R − Rᶜ − (λ/2)‖Z‖² is a local maximiser of closed form or a strict saddle, for λ ≤ λ*",
  source: "Wang et al. 2024, global landscape of regularised rate reduction",
  expected: "σ² = 10.5241312 and objective .6720056 from every start at λ*/2; only Z = 0 above λ*",
  run({ random, quick }) {
    const lambda = BOUND / 2;
    const [low, high] = roots(lambda)!;
    const [runs, iterations] = quick ? [3, 1500] : [5, 10_000];
    const end = ascend(random.at("below"), runs, lambda, iterations);
    const above = ascend(random.at("above"), runs, BOUND * 1.1, quick ? 1500 : 4000);
    const kept = end.squares.flat().filter((value) => value > 1e-3);
    const sigmaError = Math.max(...kept.map((value) => Math.abs(value - high)));
    const atHigh = curvature(criticalPoint(random.at("high"), [4, 4], Math.sqrt(high)), lambda);
    const atLow = curvature(criticalPoint(random.at("low"), [4, 4], Math.sqrt(low)), lambda);
    const s = Array.from({ length: 61 }, (_, i) => i / 3);
    const ray = (share: number): Curve => ({
      name: `λ = ${share} λ*`,
      x: s,
      y: scope(() => {
        const Z = criticalPoint(random.at("ray"), [4, 4], 1);
        return s.map((square) => objective(Z.mul(Math.sqrt(square)), share * BOUND).item());
      }),
      marker: "none",
    });
    const half = ray(0.5);
    return {
      measured: `σ² ${end.squares[0]![0]!.toFixed(7)}, objective ${end.values[0]!.toFixed(7)}; above λ* at most σ² ${short(Math.max(...above.squares.flat()))}`,
      numbers: {
        "error of σ² against the larger root": atMost(sigmaError, 1e-6),
        "objective of the worst run": near(Math.min(...end.values), 0.672005639702, 1e-9),
        "objective of the best run": near(Math.max(...end.values), 0.672005639702, 1e-9),
        "‖gradient‖ at the end": atMost(end.slope, 1e-8),
        "‖gradient‖ at the larger root": atMost(atHigh.slope, 1e-12),
        "largest curvature at the larger root": atMost(atHigh.largest, 1e-8),
        "‖gradient‖ at the smaller root": atMost(atLow.slope, 1e-12),
        "largest curvature at the smaller root": atLeast(atLow.largest, 1e-4),
        "σ² that ascent above λ* leaves": atMost(Math.max(...above.squares.flat()), 1e-6),
      },
      plot: {
        subtitle: `d = 8, two classes of 20, ε² = ½: λ* = ${BOUND.toFixed(6)}; all singular values of both classes equal, ranks 4 + 4`,
        panels: [
          {
            kind: "curves",
            title: "Objective along the ray",
            x: { label: "σ²", min: 0, max: 20 },
            y: { label: "R − R^c − (λ/2)‖Z‖² (nats)", min: -1 },
            curves: [
              half,
              ray(1),
              ray(1.2),
              ...[low, high].map(
                (root): Curve => ({
                  ...{ name: "roots of the closed form", role: "expected", tone: 6, x: [root] },
                  y: [
                    scope(() =>
                      objective(criticalPoint(random.at("ray"), [4, 4], Math.sqrt(root)), lambda).item(),
                    ),
                  ],
                }),
              ),
            ],
          },
          {
            kind: "curves",
            title: `Where ${runs} ascents end, λ = λ*/2`,
            x: { label: "index over both classes" },
            y: { label: "σ²", min: 0 },
            curves: [
              ...end.squares.map((values) => ({
                ...{ name: "runs", tone: 0, x: values.map((_, i) => i + 1) },
                y: values.toSorted((a, b) => b - a),
              })),
              level("larger root", [1, 2 * d], high),
            ],
          },
        ],
      },
    };
  },
};

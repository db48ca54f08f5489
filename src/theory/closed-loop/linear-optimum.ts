/** @file The optimum of the linear closed loop, built: whiten each class, make classes orthogonal, and nothing pulls. */

import { aten, cat, gradients, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near, short } from "../claim.ts";
import { level } from "../plot.ts";
import { normal, orthonormal } from "../sample.ts";
import { encoded, type Game, makeGame, pairDistance, reduction } from "./linear-game.ts";

/** F* and G* for data on bases Uₖ: rows of F* take class k to dₖ orthonormal directions of its own, white. */
export function optimum(random: Random, { moments, bases, dims, count }: Game, features: number) {
  return scope(() => {
    const U = cat(bases, 1); //                                                 [D, Σ dₖ]
    const inverse = aten<Tensor>("linalg_pinv", U, 1e-12); //                          [Σ dₖ, D]
    const O = orthonormal(normal(random.at("O"), [features, inverse.size(0)]));
    let row = 0;
    const parts = dims.map((dim, k) => {
      const rows = inverse.narrow(0, row, dim);
      row += dim;
      const codes = encoded(rows, moments.select(0, k)).div(count); //          AₖAₖᵀ/nₖ
      const [values, V] = aten<[Tensor, Tensor]>("linalg_eigh", codes);
      return V.mul(values.rsqrt()).matmul(V.T).div(Math.sqrt(dim)).matmul(rows);
    });
    const white = cat(parts); //                                                [Σ dₖ, D]
    return { F: O.matmul(white), G: aten<Tensor>("linalg_pinv", white, 1e-12).matmul(O.T) };
  });
}

/** ΔR* = Σ dₖ/2 [ln(1 + (d/n)(nₖ/dₖ)) − (nₖ/n) ln(1 + d/dₖ)] for classes of equal size and ε = 1. */
export const bestReduction = (dims: readonly number[], features: number): number =>
  dims.reduce((sum, dim) => {
    const K = dims.length;
    return sum + (dim / 2) * (Math.log1p(features / (K * dim)) - Math.log1p(features / dim) / K);
  }, 0);

export interface Stationarity {
  reduction: number;
  pairs: number;
  /** Largest |‖F Xₖ‖²/nₖ − 1| */
  energy: number;
  /** μₖ of ∇ΔR = Σ μₖ F Sₖ, by class. */
  multipliers: number[];
  /** ‖∇ΔR − Σ μₖ F Sₖ‖ / ‖∇ΔR‖ */
  residual: number;
}

/** First-order conditions at the built optimum. */
export function stationarity(random: Random, game: Game, features: number): Stationarity {
  const { moments: S, count, dims } = game;
  return scope(() => {
    const { F, G } = optimum(random, game, features);
    const leaf = F.detach().setRequiresGrad();
    const [slope] = gradients(reduction(encoded(leaf, S), count), [leaf]) as [Tensor];
    const A = encoded(F, S);
    const B = encoded(F.matmul(G), A);
    const energies = A.diagonal().sum(-1).div(count).numbers();
    const [K, alpha] = [dims.length, features / count];
    const multipliers = dims.map((dim) => {
      const sigma = count / dim;
      return alpha / K / (1 + (alpha / K) * sigma) - alpha / K / (1 + alpha * sigma);
    });
    const combined = multipliers
      .map((mu, k) => F.matmul(S.select(0, k)).mul(mu))
      .reduce((sum, term) => sum.add(term));
    return {
      reduction: reduction(A, count).item(),
      pairs: pairDistance(A, B, count).item(),
      energy: Math.max(...energies.map((energy) => Math.abs(energy - 1))),
      multipliers,
      residual: slope.sub(combined).norm().item() / slope.norm().item(),
    };
  });
}

export const linearOptimum: Claim = {
  name: "linear-optimum",
  title:
    "Orthogonal, white classes with a decoder that inverts them satisfy the first-order conditions of the closed loop",
  source: "Pai et al. 2022, equilibrium of the linear closed loop",
  expected: "ΔR* = 3.96186; ∇ΔR = Σ μₖ Zₖ Xₖᵀ to 1e-10 with μ = .0030375, .0037296, .0043098 ≥ 0; pairs 0",
  run({ random, quick }) {
    const [dims, features] = [[3, 4, 5], 40];
    const seeds = quick ? 3 : 10;
    const found = Array.from({ length: seeds }, (_, s) => {
      const game = makeGame(random.at(`game.${s}`), 50, dims, 500);
      return stationarity(random.at(`optimum.${s}`), game, features);
    });
    const worst = (of: "residual" | "pairs" | "energy") => Math.max(...found.map((one) => Math.abs(one[of])));
    const best = bestReduction(dims, features);
    const sizes = [12, 15, 20, 30, 40, 60, 80];
    const measured = sizes.map((size) => {
      const game = makeGame(random.at("sizes"), 50, dims, 500);
      return stationarity(random.at(`size.${size}`), game, size);
    });
    const mu = found[0]!.multipliers;
    return {
      measured: `ΔR ${found[0]!.reduction.toFixed(7)}; residual ${short(worst("residual"))}; μ ${mu.map(short).join(", ")}`,
      numbers: {
        "ΔR at the optimum": near(found[0]!.reduction, 3.9618639359156, 1e-10),
        "ΔR by its closed form": near(best, 3.9618639359156, 1e-10),
        "relative residual of the first-order condition": atMost(worst("residual"), 1e-10),
        "pair terms": atMost(worst("pairs"), 1e-10),
        "error of ‖F Xₖ‖² = nₖ": atMost(worst("energy"), 1e-10),
        "least multiplier": atLeast(Math.min(...mu), 0),
        "μ₁": near(mu[0]!, 0.0030375, 5e-8),
        "μ₂": near(mu[1]!, 0.0037296, 5e-8),
        "μ₃": near(mu[2]!, 0.0043098, 5e-8),
      },
      plot: {
        subtitle: `K = 3 subspaces of dimensions 3, 4, 5 in 50, 500 samples each, ε = 1; ${seeds} data sets`,
        panels: [
          {
            kind: "curves",
            title: "ΔR of the built optimum",
            x: { label: "features d_z" },
            y: { label: "ΔR (nats)", min: 0 },
            curves: [
              { name: "built", x: sizes, y: measured.map((one) => one.reduction), tone: 0 },
              {
                ...{
                  name: "closed form",
                  x: sizes,
                  role: "expected" as const,
                  tone: 6,
                  marker: "none" as const,
                },
                y: sizes.map((size) => bestReduction(dims, size)),
              },
            ],
          },
          {
            kind: "curves",
            title: "First-order condition",
            x: { label: "features d_z" },
            y: { label: "relative residual", scale: "log" },
            curves: [
              { name: "residual", x: sizes, y: measured.map((one) => one.residual), tone: 1 },
              level("limit", sizes, 1e-10),
            ],
          },
        ],
      },
    };
  },
};

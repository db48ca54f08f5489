/** @file How far the first-order form of ∇Rᶜ, and attention in its place, are from the gradient. */

import { aten, type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, between, type Claim, short } from "../claim.ts";
import {
  attention,
  compressionGradient,
  gammaOf,
  lift,
  neumannGradient,
  project,
  relativeError,
  slope,
} from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { bases, tokensOn } from "../sample.ts";

interface NeumannErrors {
  /** γ λ_max, of the largest Gram matrix WₖWₖᵀ */
  size: number;
  firstOrder: number;
  softmax: number;
}

/** Relative errors against ∇Rᶜ at ε, on noisy tokens of K subspaces. */
export function neumannErrors(
  random: Random,
  { K, p, perSubspace }: { K: number; p: number; perSubspace: number },
  epsilon: number,
): NeumannErrors {
  return scope(() => {
    const U = bases(random.at("U"), [K, K * p, p]);
    const { Z } = tokensOn(U, random, { perSubspace, noise: 0.05, unit: true });
    const gamma = gammaOf(Z.size(0), p, epsilon);
    const exact = compressionGradient(Z, U, gamma);
    const W = project(Z, U);
    const surrogate = lift(W, U).sub(attention(Z, U).mul(gamma)).mul(gamma); // γ Z − γ² Σ softmax(WWᵀ) W Uᵀ
    return {
      size: gamma * aten("linalg_eigvalsh", W.T.matmul(W)).max().item(),
      firstOrder: relativeError(neumannGradient(Z, U, gamma), exact),
      softmax: relativeError(surrogate, exact),
    };
  });
}

export const neumannValidity: Claim = {
  name: "neumann-validity",
  title: "∇Rᶜ ≈ γ(Z − γ Σ Uₖ Wₖ WₖᵀWₖ), the step from compression to attention, holds while γ λ_max < 1",
  source: "Yu et al. 2023, approximation of the gradient by a von Neumann series; E5",
  expected: "error ∝ (γ λ_max)² below 1, diverging above; softmax in place of the Gram is rougher",
  condition: {
    kind: "holds where",
    text: "γ λ_max < 1; above it neither the series nor attention is the gradient",
  },
  run({ random, quick }) {
    const sizes = quick ? { K: 4, p: 8, perSubspace: 6 } : { K: 6, p: 16, perSubspace: 8 };
    const precisions = [8, 5.6, 4, 2.8, 2, 1.4, 1, 0.7, 0.5, 0.35, 0.2, 0.1];
    const found = precisions.map((epsilon) => neumannErrors(random, sizes, epsilon));
    const x = found.map(({ size }) => size);
    const valid = found.filter(({ size }) => size < 0.5);
    const exponent = slope(
      valid.map(({ size }) => size),
      valid.map(({ firstOrder }) => firstOrder),
    );
    const beyond = found.filter(({ size }) => size > 4);
    const bound = Math.max(
      ...found.filter(({ size }) => size < 1).map((one) => one.firstOrder / one.size ** 2),
    );
    const least = Math.min(...beyond.map(({ firstOrder }) => firstOrder));
    return {
      measured: `exponent ${short(exponent)} below ½; error ${short(least)} and more beyond 4`,
      numbers: {
        "exponent of the first-order error": between(exponent, 1.8, 2.2),
        "error over (γ λ_max)² where γ λ_max < 1": atMost(bound, 1),
        "least error where γ λ_max > 4": atLeast(least, 1),
        "softmax error at the least γ λ_max": atMost(found[0]!.softmax, 0.1),
        "softmax error at the largest γ λ_max": atLeast(found.at(-1)!.softmax, 1),
      },
      plot: {
        subtitle: `K = ${sizes.K} subspaces of dimension ${sizes.p}, ${sizes.K * sizes.perSubspace} unit tokens, σ = 0.05; ε from 8 to 0.1`,
        panels: [
          {
            kind: "curves",
            x: { label: "γ λ_max(WₖWₖᵀ)", scale: "log" },
            y: { label: "relative error against ∇R^c", scale: "log" },
            curves: [
              { name: "first order", x, y: found.map(({ firstOrder }) => firstOrder) },
              { name: "attention (softmax)", x, y: found.map(({ softmax }) => softmax) },
              expectedCurve(
                "(γ λ_max)²",
                x,
                x.map((size) => size ** 2),
              ),
            ],
          },
        ],
      },
    };
  },
};

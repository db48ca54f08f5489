/** @file The Hessian of R: its action in closed form, and the bound that a majorisation step needs. */

import { aten, gradients, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atMost, type Claim, recorded, short } from "../claim.ts";
import { largestDifference, plusIdentity, rateByFeatures } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { identity, normal } from "../sample.ts";

/** ∇²R(Z)[Δ] = αΔM − α²ZM(ZᵀΔ + ΔᵀZ)M, M = (I + αZᵀZ)⁻¹, for Δ [..., n, d] */
function hessianAction(Z: Tensor, Delta: Tensor, alpha: number): Tensor {
  const M = aten("linalg_inv", plusIdentity(Z.T.matmul(Z), alpha));
  const turned = Z.T.matmul(Delta);
  const inner = turned.add(turned.T);
  return Delta.sub(Z.matmul(M).matmul(inner).mul(alpha)).matmul(M).mul(alpha);
}

/** Largest difference between the action on a random Δ and autograd's second derivative along it. */
export function actionError(random: Random, [n, d]: readonly [number, number], alpha: number): number {
  return scope(() => {
    const Z = normal(random.at("Z"), [n, d]).setRequiresGrad();
    const Delta = normal(random.at("Delta"), [n, d]);
    const [first] = gradients(rateByFeatures(Z, alpha), [Z], { createGraph: true }) as [Tensor];
    const [second] = gradients(first.mul(Delta).sum(), [Z]) as [Tensor];
    return largestDifference(hessianAction(Z.detach(), Delta, alpha), second);
  });
}

/** ‖∇²R(Z)‖ / α at Z = scale · G: the largest eigenvalue in absolute value of the whole nd × nd matrix. */
export function hessianNorm(
  random: Random,
  [n, d]: readonly [number, number],
  alpha: number,
  scale: number,
): number {
  return scope(() => {
    const Z = normal(random, [n, d]).mul(scale);
    const each = identity(n * d).reshape([n * d, n, d]);
    const H = hessianAction(Z, each, alpha).reshape([n * d, n * d]);
    return aten("linalg_eigvalsh", H).abs().max().item() / alpha;
  });
}

export const hessianBound: Claim = {
  name: "hessian-bound",
  title: "‖∇²R‖ ≤ 9α/4 everywhere, and the Hessian acts by a closed form",
  source: "Yu et al. 2023, appendix, lemmas on ∇²R; E3",
  expected: "‖∇²R‖ / α ≤ 9/4; the action equals autograd's to 1e-8",
  run({ random, quick }) {
    const scales = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    const trials = quick ? 10 : 40;
    const errors = Array.from({ length: trials }, (_, t) =>
      actionError(random.at(`action.${t}`), [6, 5], 0.7),
    );
    const norms = scales.map((scale, s) =>
      Array.from({ length: trials }, (_, t) => {
        const stream = random.at(`norm.${s}.${t}`);
        const [n, d] = [2 + Math.floor(4 * stream.number()), 2 + Math.floor(4 * stream.number())];
        return hessianNorm(stream, [n, d], 0.2 + 3 * stream.number(), scale);
      }).sort((a, b) => a - b),
    );
    const [largest, error] = [Math.max(...norms.flat()), Math.max(...errors)];
    return {
      measured: `largest ‖∇²R‖ / α ${short(largest)}, action within ${short(error)}`,
      numbers: {
        "largest norm over α": atMost(largest, 9 / 4),
        "action against autograd": atMost(error, 1e-8),
        problems: recorded(norms.flat().length),
      },
      plot: {
        subtitle: `${norms.flat().length} problems of n, d from 2 to 5; the bound looks loose: 1 is reached at Z = 0, and not passed`,
        panels: [
          {
            kind: "curves",
            x: { label: "scale of Z", scale: "log" },
            y: { label: "‖∇²R(Z)‖ / α", min: 0 },
            curves: [
              { name: "largest of the problems", x: scales, y: norms.map((all) => all.at(-1)!) },
              { name: "median", x: scales, y: norms.map((all) => all[Math.floor(all.length / 2)]!) },
              level("bound 9/4", scales, 9 / 4),
            ],
          },
        ],
      },
    };
  },
};

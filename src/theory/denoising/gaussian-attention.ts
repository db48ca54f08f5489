/** @file Attention of tokens that are their own keys smooths them by a Gaussian kernel, weighted by their norms. */

import { arange, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim } from "../claim.ts";
import { normal, WIDE } from "../sample.ts";

/** Rows divided by their sums. */
const shares = (S: Tensor): Tensor => S.div(S.sum(-1, true));

/** exp(−‖wᵢ − wⱼ‖² / 2), from the differences themselves: [n, n] */
function kernel(W: Tensor): Tensor {
  const [n, p] = W.shape as [number, number];
  const differences = W.reshape([n, 1, p]).sub(W.reshape([1, n, p])); //        [n, n, p]
  return differences.square().sum(-1).mul(-0.5).exp();
}

/** How far softmax(WWᵀ) is from the weighted kernel, and from the kernel without weights: the largest entry's error. */
export function errorsAt(
  random: Random,
  { n, p, spread }: { n: number; p: number; spread: number },
): { weighted: number; plain: number } {
  return scope(() => {
    const directions = normal(random, [n, p]);
    const squares = arange(n, WIDE)
      .mul(spread / (n - 1))
      .add(1); //            ‖wᵢ‖²: [n]
    const W = directions.div(directions.norm(-1, true)).mul(squares.sqrt().reshape([n, 1]));
    const attention = W.matmul(W.T).softmax(-1);
    const u = squares.sub(squares.max()).mul(0.5).exp();
    const error = (S: Tensor) => S.sub(attention).abs().max().item();
    return { weighted: error(shares(kernel(W).mul(u))), plain: error(shares(kernel(W))) };
  });
}

export const gaussianAttention: Claim = {
  name: "gaussian-attention",
  title: "MSSA smooths tokens by a Gaussian kernel, weighted by their norms",
  source: "wᵢ·wⱼ = (‖wᵢ‖² + ‖wⱼ‖² − ‖wᵢ − wⱼ‖²) / 2 in the softmax of Yu et al. 2023, SSA",
  expected:
    "softmax(WWᵀ)ᵢⱼ ∝ exp(−‖wᵢ − wⱼ‖²/2) exp(‖wⱼ‖²/2) to rounding; without the weights only where norms are equal",
  run({ random, quick }) {
    const spreads = quick ? [0, 1, 10, 200] : [0, 0.1, 1, 3, 10, 30, 100, 200];
    const size = { n: quick ? 32 : 128, p: 16 };
    const all = spreads.map((spread, i) => errorsAt(random.at(`${i}`), { ...size, spread }));
    const weighted = Math.max(...all.map((one) => one.weighted));
    const plain = all.map((one) => one.plain);
    return {
      measured: `weighted ${weighted.toExponential(1)} and less; without weights ${plain[0]!.toExponential(1)} at equal norms, up to ${Math.max(...plain).toFixed(3)} else`,
      numbers: {
        "weighted kernel, the largest error": atMost(weighted, 1e-12),
        "without weights, norms equal": atMost(plain[0]!, 1e-12),
        "without weights, norms far apart": atLeast(plain.at(-1)!, 0.1),
      },
      plot: {
        subtitle: `n = ${size.n}, p = ${size.p}; ‖wᵢ‖² evenly from 1 to 1 + spread`,
        panels: [
          {
            kind: "curves",
            x: { label: "spread of the squared norms" },
            y: { label: "largest error of a weight", scale: "log" },
            curves: [
              { name: "kernel, weighted by norms", x: spreads, y: all.map((one) => one.weighted) },
              { name: "kernel alone", x: spreads, y: plain, role: "control" },
            ],
          },
        ],
      },
    };
  },
};

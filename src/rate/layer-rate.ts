/** @file Estimators for one layer of a transformer: the authors' and the paper's, which are not the same. */

import { noGrad, type Tensor } from "../tensor/index.ts";
import { halfLogDet, type RateOptions, rateAgainstSubspaces } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";

/** A mean over samples with the unbiased standard deviation (NaN for one sample). */
export interface Estimate {
  mean: number;
  std: number;
}

export function estimate(samples: readonly number[]): Estimate {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (samples.length - 1)) };
}

/**
 * Rᶜ as the authors' code measures it, per sample: each token of each head scaled to unit length, and ε not squared:
 *
 *     ½ Σₖ log det(I + p/(n ε) ŴₖᵀŴₖ)
 *
 * @param W projected inputs of MSSA, LN(Z)U by heads, [b, K, n, p]
 * @param epsilon ε, 0.01 in the authors' code
 * @returns [b], nats; at most (K p / 2) log(1 + 1/ε) where n ≥ p
 * @see Yu et al. 2023, the authors' code, vis_utils/coding_rate.py
 */
export function authorsLayerRate(W: Tensor, epsilon: number): Tensor {
  return withDigits([W], (W) => {
    const unit = W.div(W.norm(-1, true)); //                                    [b, K, n, p]
    return halfLogDet(unit, W.size(-1) / (W.size(-2) * epsilon)).sum(-1);
  });
}

/**
 * Rᶜ as the paper defines it, of the tokens after MSSA: Rᶜ(Z^{ℓ+1/2} | U), Z [b, n, d], U [K, d, p] → [b].
 * @see Yu et al. 2023, rate of a layer
 */
export function paperLayerRate(Z: Tensor, U: Tensor, options: RateOptions): Tensor {
  return rateAgainstSubspaces(Z, U, options);
}

/**
 * Share of entries that are not exactly zero, per sample: ‖Z‖₀ / (n d), Z [b, n, d] → [b].
 * @see Yu et al. 2023, sparsity of Z^{ℓ+1}
 */
export function nonZeroShare(Z: Tensor): Tensor {
  return noGrad(() => Z.ne(0).to("float32").mean([1, 2]));
}

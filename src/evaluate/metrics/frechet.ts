/** @file Scores of generated images from activations or class probabilities: Fréchet distance and inception score. */

import { aten, noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** Mean and covariance (ddof 1) of activations [n, d], in double precision. */
function moments(activations: Tensor): { mean: Tensor; covariance: Tensor } {
  if (activations.dim !== 2 || activations.size(0) < 2)
    throw new UsageError(
      `fréchet: expected activations [n, d] with n of at least 2, got ${activations.describe()}`,
    );
  const X = activations.to("float64");
  if (!Number.isFinite(X.sum().item()))
    throw new UsageError("fréchet: expected finite activations, got NaN or infinity; look at the data");
  const mean = X.mean(0);
  const centred = X.sub(mean);
  return { mean, covariance: centred.T.matmul(centred).div(X.size(0) - 1) };
}

/** The square root of a symmetric positive semidefinite S [d, d], by eigendecomposition; rounding below 0 counts as 0. */
export function squareRoot(S: Tensor): Tensor {
  return scope(() => {
    const [values, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", S);
    return vectors.mul(values.clamp(0).sqrt()).matmul(vectors.T);
  }, "square root");
}

/**
 * The squared Fréchet distance between Gaussians fitted to two sets of activations:
 *
 *     ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½)
 *
 * With the pool-3 activations of the reference Inception net this is FID. In the feature space of any other classifier
 * it is not: we call that FD-ours and compare it within this project only.
 *
 * @param first [n, d]
 * @param second [m, d]
 * @returns at least 0; 0 for a set and itself
 * @throws {UsageError} dimensions that differ, fewer than 2 samples, values that are not finite
 */
export function frechetDistance(first: Tensor, second: Tensor): number {
  return noGrad(() =>
    scope(() => {
      const [a, b] = [moments(first), moments(second)];
      if (first.size(1) !== second.size(1))
        throw new UsageError(
          `fréchet: expected activations of one dimension, got ${first.size(1)} and ${second.size(1)}`,
        );
      const root = squareRoot(a.covariance);
      const cross = aten<Tensor>("linalg_eigvalsh", root.matmul(b.covariance).matmul(root))
        .clamp(0)
        .sqrt()
        .sum();
      const traces = a.covariance.diagonal().sum().add(b.covariance.diagonal().sum());
      const distance = a.mean.sub(b.mean).square().sum().add(traces).sub(cross.mul(2)).item();
      return Math.max(distance, 0);
    }, "fréchet distance"),
  );
}

/**
 * exp(mean KL(p(y | x) ‖ p(y))), over consecutive splits.
 *
 * @param probabilities p(y | x), [n, classes], rows sum to 1
 * @param splits 10 as usual; each has ⌊n / splits⌋ images
 * @returns mean over the splits and their standard deviation (ddof 1; NaN for one split); 1 to the number of classes
 * @see Salimans et al. 2016, the inception score
 */
export function inceptionScore(probabilities: Tensor, splits = 10): { mean: number; std: number } {
  const [n] = probabilities.shape as [number];
  const size = Math.floor(n / splits);
  if (probabilities.dim !== 2 || !(Number.isInteger(splits) && splits >= 1) || size < 1)
    throw new UsageError(
      `inception score: expected probabilities [n, classes] for ${splits} splits, got ${probabilities.describe()}`,
    );
  const scores = scope(() =>
    Array.from({ length: splits }, (_, i) => {
      const p = probabilities.narrow(0, i * size, size).to("float64");
      const log = (x: Tensor) => x.clamp(1e-300).log(); // 0 log 0 is 0
      const divergence = p.mul(log(p).sub(log(p.mean(0)))).sum(1); //          [size]
      return divergence.mean().exp().item();
    }),
  );
  const mean = scores.reduce((sum, score) => sum + score, 0) / splits;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (splits - 1)) };
}

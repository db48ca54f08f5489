/** @file The graph of an image's patches and its normalised cut. */

import { aten, noGrad, scope, type Tensor, UsageError, zeros } from "../../tensor/index.ts";

/** Weight between patches that are not alike. */
const UNLIKE = 1e-5;

/**
 * Which patches are alike: 1 where the cosine of their features is above τ, 10⁻⁵ elsewhere. A patch of zeros is like
 * none, not even itself.
 *
 * @param features [N, d]
 * @returns float64 [N, N]
 */
export function patchAffinity(features: Tensor, threshold: number): Tensor {
  return noGrad(() =>
    scope(() => {
      const X = features.detach().to("float32");
      const unit = X.div(X.norm([1], true).clamp(1e-12));
      const alike = unit.matmul(unit.T).gt(threshold).to("float64");
      return alike.mul(1 - UNLIKE).add(UNLIKE);
    }, "patch affinity"),
  );
}

/**
 * The eigenvector of the second smallest μ in (D − A) v = μ D v, D = diag(A 1): its signs cut the graph in two. Solved as
 * D^−½ (D − A) D^−½ u = μ u, v = D^−½ u, by a dense eigendecomposition; vᵀ D v = 1, the sign is arbitrary.
 *
 * @param affinity symmetric, positive row sums, [N, N]
 * @returns v, N numbers
 * @throws {UsageError} an affinity that is not square, or of fewer than two patches
 */
export function normalisedCut(affinity: Tensor): Float64Array {
  const [n, m] = affinity.shape;
  if (affinity.dim !== 2 || n !== m || n! < 2)
    throw new UsageError(
      `cut: expected a square affinity of two patches or more, got ${affinity.describe()}`,
    );
  return noGrad(() =>
    scope(() => {
      const A = affinity.to("float64").to("cpu");
      const scale = A.sum([1]).rsqrt(); //                                      D^−½
      // the two smallest of I − S are the two largest of S = D^−½ A D^−½
      const S = A.mul(scale).mul(scale.unsqueeze(1));
      const [, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", S);
      return Float64Array.from(
        vectors
          .select(1, n! - 2)
          .mul(scale)
          .contiguous()
          .numbers(),
      );
    }, "normalised cut"),
  );
}

/** Features with some rows set to 0. @param painted 1 for a row that goes */
export function paintOut(features: Tensor, painted: Uint8Array): Tensor {
  return scope(() => {
    const kept = zeros([painted.length, 1], { device: features.device, dtype: features.dtype });
    painted.forEach((cell, row) => {
      if (cell === 0) kept.narrow(0, row, 1).fill_(1);
    });
    return features.mul(kept);
  }, "paint out");
}

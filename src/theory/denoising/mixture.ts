/** @file Mixtures of low-rank Gaussians with noise: density, score and posterior mean, in general and on subspaces. */

import { aten, stack, type Tensor } from "../../tensor/index.ts";
import { lift, plusIdentity, project } from "../closed-forms.ts";

/** Components with covariances Σₖ [K, d, d] and weights πₖ [K], observed with noise σ. */
export interface Mixture {
  covariances: Tensor;
  weights: Tensor;
  sigma: number;
}

/** Σₖ + σ²I: [K, d, d] */
export const noisy = ({ covariances, sigma }: Mixture): Tensor =>
  plusIdentity(covariances.div(sigma ** 2), 1).mul(sigma ** 2);

/** log πₖ N(x; 0, Σₖ + σ²I), without the constant of d: X [n, d] → [n, K] */
export function logTerms(X: Tensor, mixture: Mixture): Tensor {
  const S = noisy(mixture); //                                                  [K, d, d]
  const whitened = aten("linalg_solve", S, X.T.unsqueeze(0)); //                [K, d, n]
  const squares = whitened.mul(X.T).sum(1); //                                  [K, n]
  const constant = mixture.weights.log().sub(aten("logdet", S).div(2)); //      [K]
  return constant.unsqueeze(1).sub(squares.div(2)).T;
}

/** E[z | x] = Σₖ P(k | x) Σₖ (Σₖ + σ²I)⁻¹ x: [n, d] */
export function posteriorMean(X: Tensor, mixture: Mixture): Tensor {
  const P = logTerms(X, mixture).softmax(1); //                                 [n, K]
  const gains = mixture.covariances.matmul(aten("linalg_inv", noisy(mixture))); // [K, d, d]
  const means = X.unsqueeze(0).matmul(gains.T); //                              [K, n, d]
  return means.mul(P.T.unsqueeze(-1)).sum(0);
}

/** v UₖUₖᵀ of bases U [K, d, p]: [K, d, d] */
export const onSubspaces = (U: Tensor, variance: number): Tensor => U.matmul(U.T).mul(variance);

/**
 * The score of equally likely N(0, v UₖUₖᵀ + σ²I) of one dimension:
 *
 *     ∇log q(x) = −x/σ² + (1/σ² − 1/(v+σ²)) Σₖ wₖ UₖUₖᵀx,   w = softmax(c ‖Uₖᵀx‖²),  c = ½(1/σ² − 1/(v+σ²))
 */
export function subspaceScore(X: Tensor, U: Tensor, variance: number, sigma: number): Tensor {
  const gap = 1 / sigma ** 2 - 1 / (variance + sigma ** 2);
  const W = project(X, U); //                                                   [K, n, p]
  const w = W.square()
    .sum(-1)
    .mul(gap / 2)
    .softmax(0); //                      [K, n]
  return lift(W.mul(w.unsqueeze(-1)), U)
    .mul(gap)
    .sub(X.div(sigma ** 2));
}

/** The limit for small noise, Σₖ softmaxₖ(‖Uₖᵀx‖² / 2σ²) UₖUₖᵀx: what attention over subspaces computes. */
export function softmaxDenoiser(X: Tensor, U: Tensor, sigma: number): Tensor {
  const W = project(X, U);
  const w = W.square()
    .sum(-1)
    .div(2 * sigma ** 2)
    .softmax(0);
  return lift(W.mul(w.unsqueeze(-1)), U);
}

/** Random covariances of given ranks, with eigenvalues from 1 to 2: [K, d, d] */
export const covariancesOf = (bases: readonly Tensor[], eigenvalues: readonly Tensor[]): Tensor =>
  stack(bases.map((U, k) => U.mul(eigenvalues[k]!).matmul(U.T)));

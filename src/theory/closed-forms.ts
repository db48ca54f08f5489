/** @file Rates, their gradients and what layers replace them by, written out as in the papers, one token per row. */

import { aten, eye, type Tensor } from "../tensor/index.ts";

const like = (A: Tensor) => ({ dtype: A.dtype, device: A.device });

/** I + α G, G [..., m, m] */
export const plusIdentity = (G: Tensor, alpha: number): Tensor => G.mul(alpha).add(eye(G.size(-1), like(G)));

/** ½ log det(I + α ZᵀZ) by the d × d matrix, whatever the shape of Z [..., n, d]. */
export const rateByFeatures = (Z: Tensor, alpha: number): Tensor =>
  aten("logdet", plusIdentity(Z.T.matmul(Z), alpha)).mul(0.5);

/** ½ log det(I + α ZZᵀ), the same by the n × n matrix. */
export const rateByTokens = (Z: Tensor, alpha: number): Tensor => rateByFeatures(Z.T, alpha);

/** ∇R = α Z (I + α ZᵀZ)⁻¹, Z [..., n, d] */
export const rateGradient = (Z: Tensor, alpha: number): Tensor =>
  aten("linalg_solve", plusIdentity(Z.T.matmul(Z), alpha), Z.T).T.mul(alpha);

/** Wₖ = Z Uₖ: [K, n, p] */
export function project(Z: Tensor, U: Tensor): Tensor {
  const [K, d, p] = U.shape as [number, number, number];
  const W = Z.matmul(U.transpose(0, 1).reshape([d, K * p])); //                 one product for all subspaces
  return W.reshape([Z.size(0), K, p])
    .transpose(0, 1)
    .contiguous();
}

/** Σₖ Vₖ Uₖᵀ: [n, d] from V [K, n, p] */
export function lift(V: Tensor, U: Tensor): Tensor {
  const [K, d, p] = U.shape as [number, number, number];
  return V.transpose(0, 1)
    .reshape([V.size(1), K * p])
    .matmul(U.T.reshape([K * p, d]));
}

/** Rᶜ = Σₖ ½ log det(I + γ WₖᵀWₖ): [] */
export const compressionRate = (Z: Tensor, U: Tensor, gamma: number): Tensor =>
  rateByFeatures(project(Z, U), gamma).sum();

/** ∇Rᶜ = γ Σₖ Wₖ (I + γ WₖᵀWₖ)⁻¹ Uₖᵀ: [n, d] */
export const compressionGradient = (Z: Tensor, U: Tensor, gamma: number): Tensor =>
  lift(rateGradient(project(Z, U), gamma), U);

/** First order of ∇Rᶜ in the Gram matrices: γ Σₖ (I − γ WₖWₖᵀ) Wₖ Uₖᵀ. */
export function neumannGradient(Z: Tensor, U: Tensor, gamma: number): Tensor {
  const W = project(Z, U);
  return lift(W.sub(W.matmul(W.T).matmul(W).mul(gamma)).mul(gamma), U);
}

/** Subspace self-attention without scale: Σₖ softmax(WₖWₖᵀ) Wₖ Uₖᵀ, tied to U. */
export function attention(Z: Tensor, U: Tensor): Tensor {
  const W = project(Z, U);
  return lift(W.matmul(W.T).softmax(-1).matmul(W), U);
}

/** γ of N tokens of dimension p at ε: p / (N ε²). */
export const gammaOf = (tokens: number, p: number, epsilon: number): number => p / (tokens * epsilon ** 2);

/** ‖A − B‖ / ‖B‖ */
export const relativeError = (A: Tensor, B: Tensor): number => A.sub(B).norm().item() / B.norm().item();

/** max |A − B| */
export const largestDifference = (A: Tensor, B: Tensor): number => A.sub(B).abs().max().item();

/** Cosine of the angle between two tensors as vectors. */
export const cosine = (A: Tensor, B: Tensor): number =>
  A.mul(B).sum().item() / (A.norm().item() * B.norm().item());

/** The exponent s of y ≈ c xˢ between the first and last point. */
export const slope = (x: readonly number[], y: readonly number[]): number =>
  Math.log(y.at(-1)! / y[0]!) / Math.log(x.at(-1)! / x[0]!);

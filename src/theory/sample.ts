/** @file The random objects of the experiments, in float64: bases of subspaces, rotations, tokens on subspaces. */

import { aten, eye, type Random, type Tensor } from "../tensor/index.ts";

export const WIDE = { dtype: "float64" } as const;

export const normal = (random: Random, shape: readonly number[]): Tensor => random.normal(shape, WIDE);

/** Orthonormal columns, [..., d, p] from [..., d, p] with d ≥ p. */
export const orthonormal = (X: Tensor): Tensor => aten<[Tensor, Tensor]>("linalg_qr", X)[0];

/** A random orthogonal matrix [d, d]. */
export const rotation = (random: Random, d: number): Tensor => orthonormal(normal(random, [d, d]));

/**
 * Orthonormal bases of K subspaces of dimension p in d dimensions: [K, d, p].
 *
 * @param orthogonal to each other as well (K p ≤ d), else drawn one by one
 */
export function bases(
  random: Random,
  [K, d, p]: readonly [number, number, number],
  orthogonal = true,
): Tensor {
  if (!orthogonal) return orthonormal(normal(random, [K, d, p]));
  return orthonormal(normal(random, [d, K * p]))
    .reshape([d, K, p])
    .transpose(0, 1)
    .contiguous();
}

export interface Tokens {
  /** σ-noisy tokens, one per row: [n, d] */
  Z: Tensor;
  /** The same without noise: [n, d] */
  clean: Tensor;
  /** Subspace of each: token i is in subspace ⌊i / perSubspace⌋. */
  perSubspace: number;
}

/**
 * Tokens zᵢ = U_s α + σ g with α from N(0, I/p), so that the signal has length about 1 (exactly 1 with `unit`).
 *
 * @param U [K, d, p]
 */
export function tokensOn(
  U: Tensor,
  random: Random,
  { perSubspace, noise, unit = false }: { perSubspace: number; noise: number; unit?: boolean },
): Tokens {
  const [K, d, p] = U.shape as [number, number, number];
  let codes = normal(random.at("codes"), [K, perSubspace, p]).div(Math.sqrt(p));
  if (unit) codes = codes.div(codes.norm(-1, true));
  const clean = codes.matmul(U.T).reshape([K * perSubspace, d]);
  return { Z: clean.add(normal(random.at("noise"), [K * perSubspace, d]).mul(noise)), clean, perSubspace };
}

export const identity = (n: number): Tensor => eye(n, WIDE);

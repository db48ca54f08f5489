/** @file The nearest matrix with equal singular values, by products alone. */

import type { Tensor } from "../tensor/index.ts";

const [A, B, C] = [3.4445, -4.775, 2.0315];
const STEPS = 5;

/**
 * About U Vᵀ for M = U S Vᵀ: five steps of Newton and Schulz on X = M / ‖M‖,
 *
 *     X ← aX + bGX + cG²X,   G = XXᵀ
 *
 * with the coefficients that bring singular values from about 0.01 on to between 0.7 and 1.2.
 *
 * @param M [m, n] @returns [m, n]; zeros where M is zero
 * @see Liu et al. 2025, Newton–Schulz iteration, after Jordan et al. 2024
 */
export function orthogonalised(M: Tensor): Tensor {
  const isTall = M.size(0) > M.size(1);
  let X = isTall ? M.T : M; //                                                  [m, n], m ≤ n
  X = X.div(X.norm().add(1e-7));
  for (let step = 0; step < STEPS; step++) {
    const G = X.matmul(X.T); //                                                 [m, m]
    X = X.mul(A).add(G.mul(B).add(G.matmul(G).mul(C)).matmul(X));
  }
  return isTall ? X.T : X;
}

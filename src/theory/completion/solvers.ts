/** @file Matrix completion by the nuclear norm, three ways; batches of problems in one go. */

import { aten, scope, type Tensor } from "../../tensor/index.ts";

/** M [B, n, n] known where mask [B, n, n] is 1. */
export interface Completion {
  M: Tensor;
  mask: Tensor;
}

/**
 * Singular-value shrinkage U (S − τ)₊ Vᵀ, the proximal map of τ‖·‖_*, by the eigenvectors of MᵀM: a third of an SVD's
 * time, and what that loses in small singular values is cut off here.
 */
export function shrink(M: Tensor, tau: number | Tensor): Tensor {
  return scope(() => {
    const [squares, V] = aten<[Tensor, Tensor]>("linalg_eigh", M.T.matmul(M));
    const sigma = squares.clamp(1e-24).sqrt(); //                               [B, n]
    const kept = sigma.sub(tau).relu().div(sigma).unsqueeze(-2);
    return M.matmul(V.mul(kept)).matmul(V.T);
  });
}

const known = ({ M, mask }: Completion): Tensor => M.mul(mask);
const size = (X: Tensor): Tensor => X.norm([-2, -1], true);
const spectral = (X: Tensor): Tensor => aten("linalg_matrix_norm", X, 2, [-2, -1], true);

/** Largest over the batch of ‖A‖ / ‖B‖. */
const worst = (A: Tensor, B: Tensor): number => scope(() => size(A).div(size(B)).max().item());

/** The nuclear norm of each: [B] */
export const nuclearNorm = (X: Tensor): Tensor => aten("linalg_svdvals", X).sum(-1);

/** ‖X − M‖ / ‖M‖ of each: [B] */
export const errors = (X: Tensor, M: Tensor): number[] =>
  scope(() => size(X.sub(M)).div(size(M)).flatten().numbers());

/** min ‖X‖_* with X = M where known, by splitting; the penalty grows by 1.3 every 20 iterations. */
export function admm(problem: Completion, iterations = 600, tolerance = 1e-7): Tensor {
  return scope(() => {
    const { M, mask } = problem;
    const given = known(problem);
    let rho = spectral(given).reciprocal().mul(2); //                           [B, 1, 1]
    let Z = given;
    let Y = M.mul(0);
    let X = Z;
    for (let k = 1; k <= iterations; k++) {
      const next = scope(() => {
        const X = shrink(Z.sub(Y.div(rho)), rho.reciprocal().squeeze(-1));
        const free = X.add(Y.div(rho));
        const Z2 = free.add(M.sub(free).mul(mask));
        return { X, Z: Z2, Y: Y.add(X.sub(Z2).mul(rho)) };
      });
      ({ X, Z, Y } = next);
      if (k % 10 === 0 && worst(X.sub(Z), given) < tolerance) break;
      if (k % 20 === 0) rho = rho.mul(1.3);
    }
    return Z;
  });
}

/** Singular-value thresholding: min τ‖X‖_* + ½‖X‖² with X = M where known, which is the nuclear norm for large τ. */
export function svt(problem: Completion, iterations: number, tolerance = 1e-5, factor = 5): Tensor {
  return scope(() => {
    const { M, mask } = problem;
    const [B, n] = [M.size(0), M.size(-1)];
    const given = known(problem);
    const tau = factor * n;
    const delta = (1.2 * B * n * n) / mask.sum().item();
    // the first steps from 0 change nothing but Y: they are taken at once
    const first = spectral(given).mul(delta).reciprocal().mul(tau);
    let Y = given.mul(aten("ceil", first)).mul(delta);
    let X = given;
    for (let k = 0; k < iterations; k++) {
      const next = scope(() => {
        const X = shrink(Y, tau);
        const residual = M.sub(X).mul(mask);
        return { X, Y: Y.add(residual.mul(delta)), gap: worst(residual, given) };
      });
      ({ X, Y } = next);
      if (next.gap < tolerance) break;
    }
    return X;
  });
}

/** min ½‖P(M − X)‖² + λ‖X‖_* for a falling sequence of λ, each started from the last. */
export function softImpute(problem: Completion, iterations: number, path = 12): Tensor {
  return scope(() => {
    const { mask } = problem;
    const given = known(problem);
    const largest = spectral(given).max().item();
    let X = given.mul(0);
    for (let i = 0; i < path; i++) {
      const lambda = largest * 0.5 * 0.3 ** i;
      for (let k = 0; k < iterations; k++) {
        const next = scope(() => shrink(given.add(X.sub(X.mul(mask))), lambda));
        const change = k % 10 === 9 ? worst(next.sub(X), given) : 1;
        X = next;
        if (change < 1e-9) break;
      }
    }
    return X;
  });
}

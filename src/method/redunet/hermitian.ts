/** @file Batches of positive definite matrices, real or complex: factors, inverses, log-determinants. */

import { aten, eye, NotFiniteError, scope, type Tensor } from "../../tensor/index.ts";

/** Grown onto the diagonal, as a share of its mean, where rounding has made a matrix indefinite. */
const JITTER = [0, 1e-6, 1e-4, 1e-2];

/**
 * Lower Cholesky factors of I + M, M [..., C, C] Hermitian positive semidefinite.
 * @param where names the place in the error
 * @throws {NotFiniteError} an M that is not finite, or that no jitter makes definite
 */
export function factor(M: Tensor, where: string): Tensor {
  return scope(() => {
    const A = M.add(eye(M.size(-1), { dtype: M.dtype, device: M.device }));
    for (const jitter of JITTER) {
      const raised = jitter === 0 ? A : A.add(identityTimesMean(A, jitter));
      const [L, info] = aten<[Tensor, Tensor]>("linalg_cholesky_ex", raised);
      if (info.any().item() === 0) return L;
      if (!finite(M)) throw new NotFiniteError(`${where}: features are not finite; look at the data`);
    }
    throw new NotFiniteError(
      `${where}: the Gram matrix is singular beyond repair, even with 1e-2 of its mean diagonal added; use float64 or a larger precision`,
    );
  }, "factor");
}

function identityTimesMean(A: Tensor, share: number): Tensor {
  const mean = A.diagonal().mean(-1).mul(share).unsqueeze(-1).unsqueeze(-1);
  return eye(A.size(-1), { dtype: A.dtype, device: A.device }).mul(mean);
}

const finite = (M: Tensor): boolean => M.sum().isFinite().item() === 1;

/** (I + M)⁻¹ from its factors. */
export const inverseOf = (L: Tensor): Tensor => aten("cholesky_inverse", L);

/** The complex conjugate, written out. */
export const conjugate = (V: Tensor): Tensor =>
  V.dtype.startsWith("complex") ? aten("resolve_conj", aten("conj", V)) : V;

/** log det(I + M) from its factors, real: [...]. */
export function logDetOf(L: Tensor): Tensor {
  return scope(() => {
    const diagonal = L.diagonal();
    const real = L.dtype.startsWith("complex") ? aten("real", diagonal) : diagonal;
    return real.log().sum(-1).mul(2);
  }, "logDet");
}

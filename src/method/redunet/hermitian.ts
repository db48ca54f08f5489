/** @file Batches of positive definite matrices, real or complex: factors, inverses, log-determinants. */

import { aten, eye, NotFiniteError, scope, type Tensor } from "../../tensor/index.ts";

/**
 * Lower Cholesky factors of I + M, M [..., C, C] Hermitian positive semidefinite; in double precision where rounding
 * makes a matrix indefinite in single. Nothing is added to a diagonal.
 * @param where names the place in the error
 * @throws {NotFiniteError} an M that is not finite, or that was rounded below definite when it was made
 */
export function factor(M: Tensor, where: string): Tensor {
  return scope(() => {
    for (const dtype of [M.dtype, M.dtype.startsWith("complex") ? "complex128" : "float64"]) {
      const A = M.to(dtype).add(eye(M.size(-1), { dtype: M.dtype, device: M.device }));
      const [L, info] = aten<[Tensor, Tensor]>("linalg_cholesky_ex", A);
      if (info.any().item() === 0) return L.to(M.dtype);
      if (!finite(M)) throw new NotFiniteError(`${where}: features are not finite; look at the data`);
    }
    throw new NotFiniteError(
      `${where}: I + Gram matrix is not positive definite: ${M.dtype} has not the digits for features this long or alike; use float64 or a larger precision`,
    );
  }, "factor");
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

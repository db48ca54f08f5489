/** @file The largest eigenvalues of a symmetric matrix and their vectors: dense, or by a block Krylov space. */

import { aten, cat, type Random, scope, type Tensor } from "../../tensor/index.ts";

/** Up to this size all eigenvalues are computed at once: it takes no longer. */
const DENSE = 400;
/** Residual norm ‖N v − λ v‖ at which a pair counts as found, for ‖N‖ about 1. */
const RESIDUAL = 1e-9;
/** Pairs behind the wanted ones that are followed too: those converge sooner for it. */
const SPARE = 6;
/** Products with blocks, after which the dense way is quicker than to go on. */
const PRODUCTS = 100;

/** Falling eigenvalues [k] and orthonormal columns [n, k]. */
export interface Eigen {
  values: Tensor;
  vectors: Tensor;
}

/**
 * The `count` largest eigenvalues of a symmetric N [n, n] of norm about 1, in its precision.
 *
 * Above 400 rows by block Lanczos with full orthogonalisation: the residuals of the wanted pairs extend the space, which
 * shrinks to its best part when it has become large. Where the eigenvalues are so close that this does not end soon, by
 * the dense decomposition.
 */
export function leadingEigen(N: Tensor, count: number, random: Random): Eigen {
  return scope(() => {
    const n = N.size(0);
    const found = n > DENSE && 10 * (count + SPARE) <= n ? krylov(N, count, random) : undefined;
    if (found !== undefined) return found;
    const [values, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", N);
    return {
      values: values.narrow(0, n - count, count).flip([0]),
      vectors: vectors.narrow(1, n - count, count).flip([1]),
    };
  }, "leading eigenvectors");
}

/** Undefined where it takes too many products. */
function krylov(N: Tensor, count: number, random: Random): Eigen | undefined {
  const n = N.size(0);
  const block = count + SPARE;
  const most = Math.min(12 * block, n >> 1);
  let V = orthonormal(random.normal([n, block], { dtype: N.dtype, device: N.device })); // [n, m]
  let NV = N.matmul(V);
  for (let i = 1; i <= PRODUCTS; i++) {
    const step = scope((): { found: Eigen } | { V: Tensor; NV: Tensor } => {
      const [values, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", V.T.matmul(NV)); // reads one triangle
      const m = V.size(1);
      const top = (k: number) => vectors.narrow(1, m - k, k).flip([1]);
      const [X, NX] = [V.matmul(top(block)), NV.matmul(top(block))];
      const theta = values.narrow(0, m - block, block).flip([0]);
      const R = NX.sub(X.mul(theta)); //                                        [n, block]
      const norms = R.norm([0]);
      if (norms.narrow(0, 0, count).max().item() <= RESIDUAL)
        return { found: { values: theta.narrow(0, 0, count), vectors: X.narrow(1, 0, count) } };
      const open = R.index([null, norms.gt(RESIDUAL / 10)]); // a direction that is not there cannot be normalised
      const small = m + block > most;
      const kept = 3 * block;
      const [base, product] = small ? [V.matmul(top(kept)), NV.matmul(top(kept))] : [V, NV];
      const fresh = orthonormal(outside(base, orthonormal(outside(base, open)))); // twice is enough
      return { V: cat([base, fresh], 1), NV: cat([product, N.matmul(fresh)], 1) };
    }, "krylov");
    V.dispose();
    NV.dispose();
    if ("found" in step) return step.found;
    ({ V, NV } = step);
  }
  return undefined;
}

const orthonormal = (X: Tensor): Tensor => aten<[Tensor, Tensor]>("linalg_qr", X)[0];
/** The part of X that is orthogonal to the columns of V. */
const outside = (V: Tensor, X: Tensor): Tensor => X.sub(V.matmul(V.T.matmul(X)));

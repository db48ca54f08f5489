/** @file The Cayley map: orthonormal bases by construction, of any numbers. */

import { aten, autocast, cat, eye, type Tensor } from "../../tensor/index.ts";

/**
 * Orthonormal rows Q [..., p, d] of any M [..., p, d], p ≤ d: the first p columns of a Cayley map, written as rows,
 *
 *     Qᵀ = (I − A)(I + A)⁻¹ [I; 0],   A = [B, −Cᵀ; C, 0] = −Aᵀ,   B = M₁ − M₁ᵀ [p, p],   Cᵀ = M₂ [p, d − p],   M = [M₁, M₂]
 *        = [2 S⁻¹ − I; −2 C S⁻¹],   S = I + B + CᵀC
 *
 * In the second form a p × p matrix is inverted instead of a d × d one (Wen and Yin 2013). The symmetric part of S is at least I, so that no S is
 * near to a singular one. M = 0 gives the first p axes; entries of deviation 1/√d give bases in all directions.
 */
export function cayley(M: Tensor): Tensor {
  const [p, d] = [M.size(-2), M.size(-1)];
  return autocast(null, M.device, () => {
    const M1 = M.narrow(-1, 0, p); //                                           [..., p, p]
    const M2 = M.narrow(-1, p, d - p); //                                       [..., p, d − p]
    const identity = eye(p, { dtype: M.dtype, device: M.device });
    const S = M1.sub(M1.T).add(identity).add(M2.matmul(M2.T)); //               [..., p, p]
    const inverse = aten("linalg_inv", S).T; //                                 S⁻ᵀ
    return cat([inverse.mul(2).sub(identity), inverse.matmul(M2).mul(-2)], -1);
  });
}

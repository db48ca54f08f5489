/** @file How far the subspaces of a network are from orthonormal bases that are orthogonal to one another. */

import type { Module } from "../../nn/index.ts";
import { eye, type Tensor } from "../../tensor/index.ts";
import { MSSA } from "./mssa.ts";

/** Every MSSA of a network, from the input on. */
export const mssaOf = (model: Module): MSSA[] =>
  model instanceof MSSA ? [model] : model.children.flatMap(({ module }) => mssaOf(module));

/**
 * Mean over the layers of ‖U Uᵀ − I‖²_F / (K p), where the rows of U [K p, d] are the bases of all K heads: 0 where each
 * basis is orthonormal and the subspaces are orthogonal, as the derivation of MSSA takes them to be.
 *
 * @param layers one or more, with K p ≤ d: more directions than dimensions cannot be orthogonal
 */
export function orthogonality(layers: readonly MSSA[]): Tensor {
  const each = layers.map(({ U }) => {
    const inner = U.size(0);
    const identity = eye(inner, { dtype: U.dtype, device: U.device });
    return U.matmul(U.T).sub(identity).square().sum().div(inner); //             []
  });
  return each.reduce((sum, one) => sum.add(one)).div(layers.length);
}

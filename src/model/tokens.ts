/** @file What models of layers share: how they are looked at, and the steps around the layers. */

import type { Module } from "../nn/index.ts";
import { cat, type Tensor } from "../tensor/index.ts";

/**
 * A model of layers. Layer ℓ is probed as `block.ℓ`; of a model of tokens, what enters the first as `tokens`, and in each
 * layer what its first half gives as `half`.
 */
export interface Layered {
  readonly blocks: readonly Module[];
}

/** Whether a model has layers that can be looked at one by one. */
export const isLayered = <M extends object>(model: M): model is M & Layered =>
  "blocks" in model && Array.isArray(model.blocks);

/**
 * The class token before the patches, and positions on all: [b, N, d], [1, 1, d], [1, n, d] → [b, n, d], n = N + 1. Under
 * autocast the tokens stay in the lower precision.
 */
export function withClass(patches: Tensor, cls: Tensor, positions: Tensor): Tensor {
  const [b, , d] = patches.shape as [number, number, number];
  const first = cls.expand([b, 1, d]).to(patches.dtype);
  return cat([first, patches], 1).add(positions).to(patches.dtype);
}

/** What of an image's tokens is its feature: the class token, or of all others the mean or one beside the other. */
export type Pool = "cls" | "mean" | "all";

/** [b, n, d] → [b, d], or [b, (n − 1) d] for all. */
export function pooled(Z: Tensor, pool: Pool): Tensor {
  if (pool === "cls") return Z.select(1, 0);
  const patches = Z.narrow(1, 1, Z.size(1) - 1);
  return pool === "mean" ? patches.mean(1) : patches.flatten(1);
}

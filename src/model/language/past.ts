/** @file What a causal layer keeps of the tokens it has seen, so that the next one need not go through them again. */

import type { Tensor } from "../../tensor/index.ts";

export interface Past {
  /** Tokens so far. */
  readonly count: number;
  /** Their keys and values, or sums over them; nothing before the first. */
  readonly kept: readonly Tensor[];
}

/** Before the first token. */
export const NO_PAST: Past = { count: 0, kept: [] };

/** Outputs of the new tokens [b, n, d], and what the tokens after them need. */
export interface MixedTokens {
  Z: Tensor;
  past: Past;
}

/** Something that mixes tokens causally: `apply` for whole sequences, `next` for what follows a past. */
export interface CausalMixer {
  apply(Z: Tensor): Tensor;
  next(Z: Tensor, past: Past): MixedTokens;
}

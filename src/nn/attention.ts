/** @file Softmax attention, fused where libtorch can. */

import { full, ones, operator, run, run2, type Tensor } from "../tensor/index.ts";

const FUSED = operator("scaled_dot_product_attention");
const SELF = operator("vitrine::self_attention");

export interface AttentionOptions {
  /** Multiplies the scores; 1/√p when left out. */
  scale?: number;
  /** Each token sees itself and those before it. */
  causal?: boolean;
}

/** softmax(scale Q Kᵀ): Q, K [..., n, p] → [..., n, n], rows sum to 1. */
export function attentionWeights(Q: Tensor, K: Tensor, options: AttentionOptions = {}): Tensor {
  const { scale = 1 / Math.sqrt(Q.size(-1)), causal = false } = options;
  const scores = Q.matmul(K.T).mul(scale); //                                  [..., n, n]
  if (!causal) return scores.softmax(-1);
  const n = Q.size(-2);
  const past = ones([n, n], { dtype: "bool", device: Q.device }).tril();
  const never = full([], -Infinity, { dtype: scores.dtype, device: Q.device });
  return scores.where(past, never).softmax(-1);
}

/** softmax(scale Q Kᵀ) V without forming the n × n matrix where this libtorch has the fused operator (2.0 on). */
export function attention(Q: Tensor, K: Tensor, V: Tensor, options: AttentionOptions = {}): Tensor {
  if (!FUSED.exists) return attentionWeights(Q, K, options).matmul(V);
  const { scale = null, causal = false } = options;
  return run(FUSED, Q.h, K.h, V.h, null, 0, causal, scale);
}

/**
 * softmax(W Wᵀ / √p) W by heads, for tokens that are queries, keys and values at once.
 *
 * @param W [b, n, K, p], the order in which a projection leaves it
 * @returns [b, n, K, p]
 */
export function selfAttention(W: Tensor): Tensor {
  const scale = 1 / Math.sqrt(W.size(-1));
  if (W.device === "cpu" && W.size(1) <= LONGEST) return run2(SELF, W.h, scale);
  const ZU = W.transpose(1, 2); //                                              [b, K, n, p]
  return attention(ZU, ZU, ZU).transpose(1, 2);
}

/** Beyond this many tokens the n × n weights of a head leave the caches, and libtorch's blocked kernel is faster. */
const LONGEST = 1024;

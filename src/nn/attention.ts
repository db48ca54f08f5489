/** @file Softmax attention, fused where libtorch can. */

import { full, ones, operator, run, type Tensor } from "../tensor/index.ts";

const FUSED = operator("scaled_dot_product_attention");
const SELF = operator("vitrine::self_attention");

export interface AttentionOptions {
  /** Multiplies the scores; 1/√p when left out. */
  scale?: number;
  /** Each token sees itself and those before it; queries are the last of the tokens that have keys. */
  causal?: boolean;
  /** Added to the scores: −∞ where a key is not to be seen; not with `causal`. */
  mask?: Tensor;
}

/** Queries, keys and values by heads, from one projection of all: [b, n, 3 d] → three of [b, K, n, d / K]. */
export function qkv(projected: Tensor, heads: number): [Q: Tensor, K: Tensor, V: Tensor] {
  const [b, n, width] = projected.shape as [number, number, number];
  const parts = projected
    .reshape([b, n, 3, heads, width / 3 / heads])
    .permute([2, 0, 3, 1, 4])
    .unbind(0);
  return parts as [Tensor, Tensor, Tensor];
}

/** Which keys a query sees: bool [queries, keys]. */
const seen = (Q: Tensor, K: Tensor): Tensor => {
  const [n, m] = [Q.size(-2), K.size(-2)];
  return ones([n, m], { dtype: "bool", device: Q.device }).tril(m - n);
};

/** softmax(scale Q Kᵀ): Q [..., n, p], K [..., m, p] → [..., n, m], rows sum to 1. */
export function attentionWeights(Q: Tensor, K: Tensor, options: AttentionOptions = {}): Tensor {
  const { scale = 1 / Math.sqrt(Q.size(-1)), causal = false } = options;
  const products = Q.matmul(K.T).mul(scale); //                                [..., n, m]
  const scores = options.mask === undefined ? products : products.add(options.mask);
  if (!causal) return scores.softmax(-1);
  const never = full([], -Infinity, { dtype: scores.dtype, device: Q.device });
  return scores.where(seen(Q, K), never).softmax(-1);
}

/** softmax(scale Q Kᵀ) V without forming the n × n matrix where this libtorch has the fused operator (2.0 on). */
export function attention(Q: Tensor, K: Tensor, V: Tensor, options: AttentionOptions = {}): Tensor {
  if (!FUSED.exists) return attentionWeights(Q, K, options).matmul(V);
  const { scale = null, causal = false } = options;
  const square = Q.size(-2) === K.size(-2);
  const past = causal && !square && Q.size(-2) > 1 ? seen(Q, K) : undefined; // the last token sees every key
  return run(FUSED, Q.h, K.h, V.h, (options.mask ?? past)?.h ?? null, 0, causal && square, scale);
}

/**
 * softmax(W Wᵀ / √p) W by heads, for tokens that are queries, keys and values at once.
 *
 * Since wᵢ·wⱼ = (‖wᵢ‖² + ‖wⱼ‖² − ‖wᵢ − wⱼ‖²) / 2, this smooths tokens by a Gaussian kernel of their distances, weighted by
 * exp(‖wⱼ‖² / 2√p): half of the scores are enough.
 *
 * @param W [b, n, K, p], the order in which a projection leaves it
 * @returns [b, n, K, p]
 */
export function selfAttention(W: Tensor, { causal = false }: { causal?: boolean } = {}): Tensor {
  const scale = 1 / Math.sqrt(W.size(-1));
  if (W.device !== "cpu" || W.size(1) <= LONGEST) return run(SELF, W.h, scale, causal);
  const ZU = W.transpose(1, 2); //                                              [b, K, n, p]
  return attention(ZU, ZU, ZU, { causal }).transpose(1, 2);
}

/** On a processor: beyond this many tokens the n × n weights of a head leave the caches, and libtorch's blocked kernel is faster. */
const LONGEST = 1024;

/** @file The compressing half of a CRATE layer. */

import { attention, attentionWeights, linearUniform, Module } from "../nn/index.ts";
import type { Random, Tensor } from "../tensor/index.ts";

export interface MSSAOptions {
  /** K, the number of subspaces. */
  heads: number;
  /** p, the dimension of each. */
  headDim: number;
}

/**
 * Multi-head subspace self-attention: one step of compressing tokens against K subspaces,
 *
 *     MSSA(Z) = [SSA₁ … SSA_K] Wᵀ + b,   SSAₖ = softmax((Z Uₖ)(Z Uₖ)ᵀ / √p) (Z Uₖ)     one row per token
 *
 * Queries, keys and values are one projection. W is learned, as in the authors' code; without it the output is tied,
 * [SSA₁ … SSA_K] Uᵀ, as derived.
 *
 * @see Yu et al. 2023, "White-Box Transformers via Sparse Rate Reduction", definition of SSA and MSSA
 */
export class MSSA extends Module {
  readonly U: Tensor; //                                                        [K p, d]
  readonly W: Tensor | undefined; //                                            [d, K p]
  readonly b: Tensor | undefined; //                                            [d]

  constructor(
    U: Tensor,
    readonly options: MSSAOptions,
    output?: { W: Tensor; b: Tensor },
  ) {
    super();
    this.U = this.parameter("qkv.weight", U);
    this.W = output && this.parameter("to_out.0.weight", output.W);
    this.b = output && this.parameter("to_out.0.bias", output.b);
  }

  protected forward(Z: Tensor): Tensor {
    const { heads, headDim } = this.options;
    const [b, n] = Z.shape as [number, number, number];
    const ZU = Z.linear(this.U).reshape([b, n, heads, headDim]).transpose(1, 2); // [b, K, n, p]
    this.probe("projection", ZU);
    const SSA = this.attend(ZU); //                                             [b, K, n, p]
    const stacked = SSA.transpose(1, 2).reshape([b, n, heads * headDim]); //    [b, n, K p]
    return this.W === undefined ? stacked.matmul(this.U) : stacked.linear(this.W, this.b); // [b, n, d]
  }

  /** Forms the n × n weights only when someone looks at them. */
  private attend(ZU: Tensor): Tensor {
    if (!this.probed("attention")) return attention(ZU, ZU, ZU);
    return this.probe("attention", attentionWeights(ZU, ZU)).matmul(ZU);
  }

  /** The bases as [K, d, p]. */
  subspaces(): Tensor {
    const { heads, headDim } = this.options;
    return this.U.reshape([heads, headDim, this.U.size(1)]).T;
  }
}

/** MSSA as PyTorch starts linear layers. */
export function mssa(dim: number, random: Random, options: MSSAOptions & { tiedOutput?: boolean }): MSSA {
  const inner = options.heads * options.headDim;
  const U = linearUniform([inner, dim], dim, random.at("U"));
  if (options.tiedOutput) return new MSSA(U, options);
  const W = linearUniform([dim, inner], inner, random.at("W"));
  return new MSSA(U, options, { W, b: linearUniform([dim], inner, random.at("b")) });
}

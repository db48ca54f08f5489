/** @file Attention and MLP of GPT-2, for comparison. */

import { attention, attentionWeights, type Linear, Module, normalLinear, qkv } from "../../nn/index.ts";
import { aten, cat, type Random, type Tensor } from "../../tensor/index.ts";
import type { MixedTokens, Past } from "./past.ts";

/** Causal self-attention with queries, keys and values of their own; names are nanoGPT's. */
export class CausalAttention extends Module {
  readonly qkv: Linear;
  readonly proj: Linear;

  constructor(
    dim: number,
    readonly heads: number,
    random: Random,
    deviation: number,
  ) {
    super();
    this.qkv = this.child("qkv", normalLinear(dim, 3 * dim, random.at("qkv")), "c_attn");
    this.proj = this.child("proj", normalLinear(dim, dim, random.at("proj"), { deviation }), "c_proj");
  }

  protected forward(Z: Tensor): Tensor {
    const [Q, K, V] = this.project(Z);
    const mixed = this.probed("attention")
      ? this.probe("attention", attentionWeights(Q, K, { causal: true })).matmul(V)
      : attention(Q, K, V, { causal: true }); //                                [b, K, n, p]
    return this.write(mixed);
  }

  /** The same for tokens that follow others, whose keys and values are kept. */
  next(Z: Tensor, { kept: [keys, values] }: Past): MixedTokens {
    const [Q, K, V] = this.project(Z);
    const [allK, allV] = [keys === undefined ? K : cat([keys, K], 2), values ? cat([values, V], 2) : V];
    const mixed = attention(Q, allK, allV, { causal: true });
    return { Z: this.write(mixed), past: { count: allK.size(2), kept: [allK, allV] } };
  }

  /** Q, K, V [b, K, n, p] */
  private project(Z: Tensor): [Tensor, Tensor, Tensor] {
    return qkv(this.qkv.apply(Z), this.heads);
  }

  private write(mixed: Tensor): Tensor {
    const [b, K, n, p] = mixed.shape as [number, number, number, number];
    return this.proj.apply(mixed.transpose(1, 2).reshape([b, n, K * p])); //     [b, n, d]
  }
}

export interface GptMlpOptions {
  /** Of the weights that write into the stream, at the start. */
  deviation: number;
  bias: boolean;
  /** GELU by OpenAI's formula with tanh, which differs by up to 5e-4. */
  tanh?: boolean;
}

/** Two linear maps with GELU between them; names are nanoGPT's. */
export class GptMlp extends Module {
  readonly fc: Linear;
  readonly proj: Linear;

  constructor(
    dim: number,
    random: Random,
    private readonly options: GptMlpOptions,
  ) {
    super();
    const { bias } = options;
    this.fc = this.child("fc", normalLinear(dim, 4 * dim, random.at("fc"), { bias }), "c_fc");
    this.proj = this.child("proj", normalLinear(4 * dim, dim, random.at("proj"), options), "c_proj");
  }

  protected forward(Z: Tensor): Tensor {
    const H = this.fc.apply(Z); //                                              [b, n, 4 d]
    return this.proj.apply(this.options.tanh ? aten("gelu", H, "tanh") : H.gelu());
  }
}

/** @file One layer of a vision transformer: attention, then an MLP on each token. */

import { attention, attentionWeights, LayerNorm, type Linear, linear, Module, qkv } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";

/** Multi-head self-attention with queries, keys and values of their own. */
class SelfAttention extends Module {
  readonly qkv: Linear;
  readonly proj: Linear;

  constructor(
    dim: number,
    readonly heads: number,
    random: Random,
    bias: boolean,
  ) {
    super();
    this.qkv = this.child("qkv", linear(dim, 3 * dim, random.at("qkv"), { bias }));
    this.proj = this.child("proj", linear(dim, dim, random.at("proj")));
  }

  protected forward(Z: Tensor): Tensor {
    const [b, n, d] = Z.shape as [number, number, number];
    const [Q, K, V] = qkv(this.qkv.apply(Z), this.heads); //                    [b, K, n, p]
    const mixed = this.probed("attention")
      ? this.probe("attention", attentionWeights(Q, K)).matmul(V)
      : attention(Q, K, V); //                                                  [b, K, n, p]
    return this.proj.apply(mixed.transpose(1, 2).reshape([b, n, d])); //        [b, n, d]
  }
}

/** Two linear maps with GELU between them; names are timm's. */
export class Mlp extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor(
    dim: number,
    random: Random,
    start: (inputs: number, outputs: number, random: Random) => Linear = linear,
  ) {
    super();
    this.fc1 = this.child("fc1", start(dim, 4 * dim, random.at("fc1")));
    this.fc2 = this.child("fc2", start(4 * dim, dim, random.at("fc2")));
  }

  protected forward(Z: Tensor): Tensor {
    return this.fc2.apply(this.fc1.apply(Z).gelu());
  }
}

/** Z½ = Z + MHSA(LN(Z)),  Z⁺ = Z½ + MLP(LN(Z½)). */
export class ViTBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: SelfAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;

  constructor(dim: number, heads: number, random: Random, { qkvBias = true }: { qkvBias?: boolean } = {}) {
    super();
    this.norm1 = this.child("norm1", new LayerNorm(dim, 1e-6));
    this.attn = this.child("attn", new SelfAttention(dim, heads, random.at("attn"), qkvBias));
    this.norm2 = this.child("norm2", new LayerNorm(dim, 1e-6));
    this.mlp = this.child("mlp", new Mlp(dim, random.at("mlp")));
  }

  protected forward(Z: Tensor): Tensor {
    const half = this.probe("half", Z.add(this.attn.apply(this.norm1.apply(Z))));
    return half.add(this.mlp.apply(this.norm2.apply(half)));
  }
}

/** Parameters of a block of width d. */
export const blockCount = (d: number, qkvBias = true): number => 12 * d * d + (qkvBias ? 13 : 10) * d;

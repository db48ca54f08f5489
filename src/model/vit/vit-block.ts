/** @file One layer of a vision transformer: attention, then an MLP on each token. */

import { attention, attentionWeights, LayerNorm, type Linear, linear, Module, qkv } from "../../nn/index.ts";
import { ones, type Random, type Tensor } from "../../tensor/index.ts";

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

/** x Φ(x), and CLIP's x σ(1.702 x). */
export type Activation = "gelu" | "quick_gelu";

/** Two linear maps with GELU between them; names are timm's. */
export class Mlp extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor(
    dim: number,
    random: Random,
    start: (inputs: number, outputs: number, random: Random) => Linear = linear,
    private readonly activation: Activation = "gelu",
  ) {
    super();
    this.fc1 = this.child("fc1", start(dim, 4 * dim, random.at("fc1")));
    this.fc2 = this.child("fc2", start(4 * dim, dim, random.at("fc2")));
  }

  protected forward(Z: Tensor): Tensor {
    const H = this.fc1.apply(Z); //                                             [b, n, 4 d]
    return this.fc2.apply(this.activation === "gelu" ? H.gelu() : H.mul(H.mul(1.702).sigmoid()));
  }
}

/** γ ⊙ Z, by which a branch begins small; the name is timm's. */
class LayerScale extends Module {
  readonly gamma: Tensor; //                                                    [d]

  constructor(dim: number) {
    super();
    this.gamma = this.parameter("gamma", ones([dim]).mul_(1e-5));
  }

  protected forward(Z: Tensor): Tensor {
    return Z.mul(this.gamma);
  }
}

export interface ViTBlockOptions {
  /** Whether queries, keys and values have a bias. */
  qkvBias?: boolean;
  /** ε of the norms; 1e-6. */
  epsilon?: number;
  activation?: Activation;
  /** Whether the branches are scaled by γ₁ and γ₂. */
  layerScale?: boolean;
}

/** Z½ = Z + γ₁ MHSA(LN(Z)),  Z⁺ = Z½ + γ₂ MLP(LN(Z½)); γ = 1 without layer scale. */
export class ViTBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: SelfAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  readonly scale1: LayerScale | undefined;
  readonly scale2: LayerScale | undefined;

  constructor(dim: number, heads: number, random: Random, options: ViTBlockOptions = {}) {
    super();
    const { qkvBias = true, epsilon = 1e-6, activation, layerScale = false } = options;
    const scale = (name: string, stateName: string) =>
      layerScale ? this.child(name, new LayerScale(dim), stateName) : undefined;
    this.norm1 = this.child("norm1", new LayerNorm(dim, epsilon));
    this.attn = this.child("attn", new SelfAttention(dim, heads, random.at("attn"), qkvBias));
    this.scale1 = scale("scale1", "ls1");
    this.norm2 = this.child("norm2", new LayerNorm(dim, epsilon));
    this.mlp = this.child("mlp", new Mlp(dim, random.at("mlp"), linear, activation));
    this.scale2 = scale("scale2", "ls2");
  }

  protected forward(Z: Tensor): Tensor {
    const mixed = this.attn.apply(this.norm1.apply(Z));
    const half = this.probe("half", Z.add(this.scale1?.apply(mixed) ?? mixed)); // Z½
    const changed = this.mlp.apply(this.norm2.apply(half));
    return half.add(this.scale2?.apply(changed) ?? changed); //                 [b, n, d]
  }
}

/** Parameters of a block of width d. */
export const blockCount = (d: number, qkvBias = true): number => 12 * d * d + (qkvBias ? 13 : 10) * d;

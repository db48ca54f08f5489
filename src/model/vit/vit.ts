/** @file The vision transformer, for comparison: the black box of equal size. */

import {
  attention,
  attentionWeights,
  LayerNorm,
  type Linear,
  linear,
  Module,
  PatchConvolution,
  truncatedNormal,
} from "../../nn/index.ts";
import { cat, type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { type CrateOptions, positionsOf, tokenCount } from "../crate/crate.ts";

export type ViTOptions = Pick<
  CrateOptions,
  "imageSize" | "patch" | "channels" | "classes" | "dim" | "depth" | "heads" | "pool"
>;

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
    const shape = [b, n, 3, this.heads, d / this.heads];
    const [Q, K, V] = this.qkv.apply(Z).reshape(shape).permute([2, 0, 3, 1, 4]).unbind(0) as [
      Tensor,
      Tensor,
      Tensor,
    ];
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

/** ViT without its head: images [b, c, H, W] → LN of the class token after L blocks, [b, d]. */
export class ViTTrunk extends Module {
  readonly cls: Tensor;
  readonly positions: Tensor;
  readonly embedding: PatchConvolution;
  readonly blocks: ViTBlock[] = [];
  readonly norm: LayerNorm;

  constructor(
    readonly options: Omit<ViTOptions, "classes">,
    random: Random,
  ) {
    super();
    const { dim, depth, heads, patch, channels = 3 } = options;
    const n = tokenCount(options.imageSize, patch);
    this.cls = this.parameter("cls_token", zeros([1, 1, dim]));
    this.positions = this.parameter("pos_embed", truncatedNormal([1, n, dim], random.at("positions")));
    const flat = linear(patch * patch * channels, dim, random.at("embedding"));
    const kernel = flat.W.detach().reshape([dim, channels, patch, patch]);
    const embedding = new PatchConvolution(kernel, flat.b!.detach());
    flat.dispose();
    this.embedding = this.child("embedding", embedding, "patch_embed.proj");
    for (let l = 0; l < depth; l++) {
      const block = new ViTBlock(dim, heads, random.at(`block.${l}`));
      this.blocks.push(this.child(`block.${l}`, block, `blocks.${l}`));
    }
    this.norm = this.child("norm", new LayerNorm(dim, 1e-6));
  }

  protected forward(X: Tensor): Tensor {
    const patches = this.embedding.apply(X); //                                 [b, N, d]
    const [b, , d] = patches.shape as [number, number, number];
    const cls = this.cls.expand([b, 1, d]).to(patches.dtype);
    const positions = positionsOf(this.positions, X, this.options);
    let Z = cat([cls, patches], 1).add(positions).to(patches.dtype); //         [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    const normed = this.norm.apply(Z);
    const pooled = this.options.pool === "mean" ? normed.mean(1) : normed.select(1, 0);
    return this.probe("pooled", pooled); //                                     [b, d]
  }
}

/**
 * ViT(X): the same tokens as CRATE's, mixed by attention and MLP blocks; parameter names are timm's.
 * @see Dosovitskiy et al. 2021, "An Image is Worth 16×16 Words"
 */
export class ViT extends ViTTrunk {
  declare readonly options: ViTOptions;
  readonly head: Linear;

  constructor(options: ViTOptions, random: Random) {
    super(options, random);
    this.head = this.child("head", linear(options.dim, options.classes, random.at("head")));
  }

  protected override forward(X: Tensor): Tensor {
    return this.head.apply(super.forward(X)); //                                [b, classes]
  }
}

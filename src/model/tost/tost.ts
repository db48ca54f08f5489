/** @file ToST, the token statistics transformer, as an image classifier: linear in the number of tokens. */

import { attention, LayerNorm, Linear, Module, qkv, truncatedNormal } from "../../nn/index.ts";
import { cat, ones, type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { type PatchOptions, tokenCount } from "../settings.ts";
import { Stem } from "../stem.ts";
import { Mlp } from "../vit/vit-block.ts";
import { FourierPositions } from "./fourier-positions.ts";
import { TSSA } from "./tssa.ts";

export interface TostOptions extends PatchOptions {
  classes: number;
  dim: number;
  depth: number;
  heads: number;
}

const EPSILON = 1e-6;
/** Blocks in which the class token reads the others. */
export const CLASS_BLOCKS = 2;
/** Where layer scales start: small in deep nets. */
const scaleOf = (depth: number): number => (depth > 12 ? 1e-5 : 1);

/** Truncated N(0, 0.02²), bias 0. */
const start = (inputs: number, outputs: number, random: Random): Linear =>
  new Linear(truncatedNormal([outputs, inputs], random), zeros([outputs]));

/** Z½ = Z + γ₁ TSSA(LN(Z)),  Z⁺ = Z½ + γ₂ MLP(LN(Z½)). */
export class TostBlock extends Module {
  readonly norm1: LayerNorm;
  readonly tssa: TSSA;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  readonly gamma1: Tensor; //                                                   [d]
  readonly gamma2: Tensor; //                                                   [d]

  constructor({ dim: d, depth, heads }: TostOptions, random: Random) {
    super();
    const drawn = (name: string) => truncatedNormal([d, d], random.at(name));
    const tssa = new TSSA({ U: drawn("U"), b: zeros([d]), W: drawn("W"), c: zeros([d]) }, { heads });
    this.gamma1 = this.parameter("gamma1", ones([d]).mul_(scaleOf(depth)));
    this.gamma2 = this.parameter("gamma2", ones([d]).mul_(scaleOf(depth)));
    this.norm1 = this.child("norm1", new LayerNorm(d, EPSILON));
    this.tssa = this.child("tssa", tssa, "attn");
    this.norm2 = this.child("norm2", new LayerNorm(d, EPSILON));
    this.mlp = this.child("mlp", new Mlp(d, random.at("mlp"), start));
  }

  protected forward(Z: Tensor): Tensor {
    const half = Z.add(this.tssa.apply(this.norm1.apply(Z)).mul(this.gamma1)); // [b, n, d]
    this.probe("half", half);
    return half.add(this.mlp.apply(this.norm2.apply(half)).mul(this.gamma2));
  }
}

/** Attention in which the class token alone asks, of itself and all others: [b, n, d] → [b, 1, d]. */
class ClassAttention extends Module {
  readonly qkv: Linear;
  readonly proj: Linear;

  constructor(
    dim: number,
    readonly heads: number,
    random: Random,
  ) {
    super();
    this.qkv = this.child("qkv", start(dim, 3 * dim, random.at("qkv")));
    this.proj = this.child("proj", start(dim, dim, random.at("proj")));
  }

  protected forward(Z: Tensor): Tensor {
    const [b, , d] = Z.shape as [number, number, number];
    const [Q, K, V] = qkv(this.qkv.apply(Z), this.heads); //                    [b, K, n, p]
    const mixed = attention(Q.narrow(2, 0, 1), K, V); //                        [b, K, 1, p]
    return this.proj.apply(mixed.transpose(1, 2).reshape([b, 1, d]));
  }
}

/**
 * The class token z reads the tokens T, as the authors' code has it. The tokens, too, are changed, by norms alone:
 *
 *     z½ = LN₂(z + γ₁ Attention(LN₁([z; T]))),   z⁺ = z½ + γ₂ MLP(z½),   T⁺ = 2 LN₂(T + γ₁ LN₁(T))
 */
class ClassBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: ClassAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  readonly gamma1: Tensor; //                                                   [d]
  readonly gamma2: Tensor; //                                                   [d]

  constructor({ dim: d, depth, heads }: TostOptions, random: Random) {
    super();
    this.gamma1 = this.parameter("gamma1", ones([d]).mul_(scaleOf(depth)));
    this.gamma2 = this.parameter("gamma2", ones([d]).mul_(scaleOf(depth)));
    this.norm1 = this.child("norm1", new LayerNorm(d, EPSILON));
    this.attn = this.child("attn", new ClassAttention(d, heads, random.at("attn")));
    this.norm2 = this.child("norm2", new LayerNorm(d, EPSILON));
    this.mlp = this.child("mlp", new Mlp(d, random.at("mlp"), start));
  }

  protected forward(Z: Tensor): Tensor {
    const N = Z.size(1) - 1;
    const normed = this.norm1.apply(Z); //                                      [b, 1 + N, d]
    const mixed = cat([this.attn.apply(normed), normed.narrow(1, 1, N)], 1);
    const half = this.norm2.apply(Z.add(mixed.mul(this.gamma1))); //            [b, 1 + N, d]
    const z = half.narrow(1, 0, 1);
    const T = half.narrow(1, 1, N);
    return cat([z.add(this.mlp.apply(z).mul(this.gamma2)), T.mul(2)], 1);
  }
}

/**
 * Tost(X) = head of a class token that enters after the layers:
 *
 *     Z¹ = Stem(X) + FourierPositions,   Z^{ℓ+1} = layer ℓ,   [z; T] ← two class blocks,   logits = Linear(LN(z))
 *
 * @see Wu et al. 2024, "Token Statistics Transformer: Linear-Time Attention via Variational Rate Reduction"
 */
export class Tost extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly stem: Stem;
  readonly positions: FourierPositions;
  readonly blocks: TostBlock[] = [];
  private readonly classBlocks: ClassBlock[] = [];
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(
    readonly options: TostOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, patch, channels = 3, classes, imageSize } = options;
    tokenCount(imageSize, patch); // refuses a patch that does not divide the image
    this.cls = this.parameter("cls_token", truncatedNormal([1, 1, dim], random.at("cls")));
    this.stem = this.child("stem", new Stem(patch, channels, dim, random.at("stem")), "patch_embed");
    for (let l = 0; l < depth; l++) {
      const block = new TostBlock(options, random.at(`block.${l}`));
      this.blocks.push(this.child(`block.${l}`, block, `blocks.${l}`));
    }
    for (let l = 0; l < CLASS_BLOCKS; l++) {
      const block = new ClassBlock(options, random.at(`class.${l}`));
      this.classBlocks.push(this.child(`class.${l}`, block, `cls_attn_blocks.${l}`));
    }
    this.norm = this.child("norm", new LayerNorm(dim, EPSILON));
    this.head = this.child("head", start(dim, classes, random.at("head")));
    const positions = new FourierPositions(dim, random.at("positions"));
    this.positions = this.child("positions", positions, "pos_embeder");
  }

  protected forward(X: Tensor): Tensor {
    const grid = this.stem.apply(X); //                                         [b, d, h, w]
    const patches = grid.flatten(2).transpose(1, 2); //                         [b, N, d]
    const [b, , d] = patches.shape as [number, number, number];
    let Z = patches.add(this.positions.apply(grid)).to(patches.dtype); //       [b, N, d]
    this.probe("tokens", Z);
    for (const block of this.blocks) Z = block.apply(Z);
    Z = cat([this.cls.expand([b, 1, d]).to(Z.dtype), Z], 1); //                 [b, 1 + N, d]
    for (const block of this.classBlocks) Z = block.apply(Z);
    const pooled = this.norm.apply(Z).select(1, 0); //                          [b, d]
    return this.head.apply(this.probe("pooled", pooled)); //                    [b, classes]
  }
}

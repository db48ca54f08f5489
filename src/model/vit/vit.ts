/** @file The vision transformer, for comparison: the black box of equal size. */

import { sides } from "../../base/size.ts";
import { LayerNorm, type Linear, linear, Module, PatchConvolution, truncatedNormal } from "../../nn/index.ts";
import { cat, type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { positionsOf } from "../crate/positions.ts";
import { type PatchOptions, patchNumbers, tokenCount } from "../settings.ts";
import { type StemOptions, StemTokens } from "../stem.ts";
import { withClass } from "../tokens.ts";
import { ViTBlock, type ViTBlockOptions } from "./vit-block.ts";

export interface ViTOptions extends PatchOptions, StemOptions, ViTBlockOptions {
  /** Without it there is no head, and the output are features. */
  classes?: number;
  dim: number;
  depth: number;
  heads: number;
  /** What the head reads: the class token, or the mean of all tokens. */
  pool?: "cls" | "mean";
  /** Tokens that stand for no patch, after the class token, without positions; 0. */
  registers?: number;
  /** A norm before the first layer, and no bias of the patches, as in CLIP. */
  preNorm?: boolean;
}

/** Whether a ViT is one that recipes build: no layer scale, registers, norm before the layers, another ε or activation. */
export const isPlain = (options: Partial<ViTOptions>): boolean => {
  const { qkvBias = true, epsilon = 1e-6, activation = "gelu", layerScale, registers, preNorm } = options;
  return qkvBias && epsilon === 1e-6 && activation === "gelu" && !layerScale && !registers && !preNorm;
};

/**
 * ViT(X): the same tokens as CRATE's, mixed by attention and MLP blocks; parameter names are timm's. Without `classes` the
 * output is LN of the class token, [b, d].
 * @see Dosovitskiy et al. 2021, "An Image is Worth 16×16 Words"
 */
export class ViT extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly positions: Tensor; //                                                [1, n, d]
  readonly registers: Tensor | undefined; //                                    [1, r, d]
  readonly embedding: PatchConvolution | StemTokens;
  readonly preNorm: LayerNorm | undefined;
  readonly blocks: ViTBlock[] = [];
  readonly norm: LayerNorm;
  readonly head: Linear | undefined;

  /** @throws {UsageError} a patch that does not divide the image */
  constructor(
    readonly options: ViTOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, heads, patch, channels = 3, classes, registers = 0 } = options;
    const { epsilon = 1e-6 } = options;
    const n = tokenCount(options.imageSize, patch);
    this.cls = this.parameter("cls_token", zeros([1, 1, dim]));
    this.positions = this.parameter("pos_embed", truncatedNormal([1, n, dim], random.at("positions")));
    if (registers > 0) this.registers = this.parameter("reg_token", zeros([1, registers, dim]));
    const started = random.at("embedding");
    this.embedding =
      options.stem === "convolutions"
        ? this.child("embedding", new StemTokens(patch, channels, dim, started), "patch_embed")
        : this.child("embedding", convolution(options, started), "patch_embed.proj");
    if (options.preNorm) this.preNorm = this.child("preNorm", new LayerNorm(dim, epsilon), "norm_pre");
    for (let l = 0; l < depth; l++) {
      const block = new ViTBlock(dim, heads, random.at(`block.${l}`), options);
      this.blocks.push(this.child(`block.${l}`, block, `blocks.${l}`));
    }
    this.norm = this.child("norm", new LayerNorm(dim, epsilon));
    if (classes !== undefined) this.head = this.child("head", linear(dim, classes, random.at("head")));
  }

  protected forward(X: Tensor): Tensor {
    const positions = positionsOf(this.positions, X, this.options);
    const placed = this.withRegisters(withClass(this.embedding.apply(X), this.cls, positions));
    let Z = this.probe("tokens", this.preNorm?.apply(placed) ?? placed); //     [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    const normed = this.norm.apply(Z);
    const mean = this.options.pool === "mean";
    const pooled = this.probe("pooled", mean ? normed.mean(1) : normed.select(1, 0)); // [b, d]
    return this.head?.apply(pooled) ?? pooled; //                               [b, classes]
  }

  /** [b, n, d] → [b, n + r, d]: registers stand after the class token. */
  private withRegisters(Z: Tensor): Tensor {
    if (this.registers === undefined) return Z;
    const [b, n, d] = Z.shape as [number, number, number];
    const registers = this.registers.expand([b, this.registers.size(1), d]).to(Z.dtype);
    return cat([Z.narrow(1, 0, 1), registers, Z.narrow(1, 1, n - 1)], 1);
  }
}

/** As a linear map of a patch begins. */
function convolution(options: ViTOptions, random: Random): PatchConvolution {
  const { dim, patch, channels = 3, preNorm } = options;
  const flat = linear(patchNumbers(options), dim, random);
  const kernel = flat.W.detach().reshape([dim, channels, ...sides(patch)]);
  const made = new PatchConvolution(kernel, preNorm ? undefined : flat.b!.detach());
  flat.dispose();
  return made;
}

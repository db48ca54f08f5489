/** @file The vision transformer, for comparison: the black box of equal size. */

import { z } from "zod";
import { sides } from "../../base/size.ts";
import { LayerNorm, type Linear, linear, Module, PatchConvolution, truncatedNormal } from "../../nn/index.ts";
import { cat, type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { positionsOf } from "../crate/positions.ts";
import { countLayers, type Family, layersNamed, type Recognised, type Shapes } from "../family.ts";
import {
  headConflict,
  type PatchOptions,
  patchConflict,
  patches,
  patchNumbers,
  pool,
  tokenCount,
  tokenSizes,
} from "../settings.ts";
import { withClass } from "../tokens.ts";
import { blockCount, ViTBlock, type ViTBlockOptions } from "./vit-block.ts";

export interface ViTOptions extends PatchOptions, ViTBlockOptions {
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

/** What other ViTs have and ours has not: no recipe sets these, weights from elsewhere do. */
const ELSEWHERE = ["qkvBias", "epsilon", "activation", "layerScale", "registers", "preNorm"];

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
  readonly embedding: PatchConvolution;
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
    const { dim, depth, heads, patch, channels = 3, classes, registers = 0, preNorm = false } = options;
    const { epsilon = 1e-6 } = options;
    const n = tokenCount(options.imageSize, patch);
    this.cls = this.parameter("cls_token", zeros([1, 1, dim]));
    this.positions = this.parameter("pos_embed", truncatedNormal([1, n, dim], random.at("positions")));
    if (registers > 0) this.registers = this.parameter("reg_token", zeros([1, registers, dim]));
    const flat = linear(patchNumbers(options), dim, random.at("embedding"));
    const kernel = flat.W.detach().reshape([dim, channels, ...sides(patch)]);
    const embedding = new PatchConvolution(kernel, preNorm ? undefined : flat.b!.detach());
    flat.dispose();
    this.embedding = this.child("embedding", embedding, "patch_embed.proj");
    if (preNorm) this.preNorm = this.child("preNorm", new LayerNorm(dim, epsilon), "norm_pre");
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

const form = {
  options: z.strictObject({ ...tokenSizes, ...patches, pool }),
  build: (options: ViTOptions, random: Random) => new ViT(options, random),
  count(options: ViTOptions): number {
    const { dim: d, depth: L, imageSize, patch, classes: C, registers = 0, preNorm = false } = options;
    const start = patchNumbers(options) * d + (preNorm ? 2 * d : d) + registers * d;
    const tokens = start + tokenCount(imageSize, patch) * d + d;
    const layer = blockCount(d, options.qkvBias) + (options.layerScale ? 2 * d : 0);
    return tokens + L * layer + 2 * d + (C === undefined ? 0 : d * C + C);
  },
  check: (options: ViTOptions) => patchConflict(options) ?? headConflict(options),
};

export const vit: Family = {
  name: "vit",
  about: "ViT of any size, for comparison",
  forms: {
    classifier: { ...form, given: ["classes", ...ELSEWHERE] },
    backbone: { ...form, given: ELSEWHERE },
  },
  needs: ["dim", "depth", "heads"],
  sizes: {
    vit_tiny: { dim: 192, depth: 12, heads: 3, about: "ViT-Tiny, for comparison" },
    vit_small: { dim: 384, depth: 12, heads: 6, about: "ViT-Small, for comparison" },
    vit_base: { dim: 768, depth: 12, heads: 12, about: "ViT-Base, for comparison" },
    vit_large: { dim: 1024, depth: 24, heads: 16, about: "ViT-Large, for comparison" },
  },
  shown: { patch: 16, imageSize: 224, classes: 1000 },
  head: ["head.weight", "head.bias"],
  positions: ["pos_embed"],
  layerOf: layersNamed("blocks", ["cls_token", "pos_embed", "patch_embed"]),
  recognise: (tensors) =>
    [...tensors.keys()].some((name) => name.startsWith("decoder_blocks."))
      ? undefined
      : recogniseViT(tensors),
};

/** What a ViT and the encoder of a ViT-MAE have in common. */
export function recogniseViT(tensors: Shapes): Recognised | undefined {
  const qkv = tensors.get("blocks.0.attn.qkv.weight")?.shape[0];
  const kernel = tensors.get("patch_embed.proj.weight")?.shape;
  if (qkv === undefined || kernel?.length !== 4) return undefined;
  return recogniseKernel(tensors, kernel, qkv / 3);
}

/** A network whose patches are cut by a convolution of this shape. */
export function recogniseKernel(tensors: Shapes, kernel: readonly number[], inner: number): Recognised {
  const [dim, channels, height, width] = kernel as [number, number, number, number];
  const positions = tensors.get("decoder_pos_embed") ?? tensors.get("pos_embed");
  const classes = tensors.get("head.weight")?.shape[0];
  return {
    ...{ dim, depth: countLayers(tensors, "blocks."), inner, channels },
    patch: height === width ? height : [height, width],
    patches: (positions?.shape[1] ?? 0) - 1,
    ...(classes !== undefined && { classes }),
  };
}

/** @file The masked autoencoder of vision transformers, for comparison: the encoder sees the visible patches only. */

import { sides } from "../../base/size.ts";
import {
  LayerNorm,
  type Linear,
  linear,
  linearUniform,
  Module,
  PatchConvolution,
  xavierUniform,
} from "../../nn/index.ts";
import { arange, cat, noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { sinCosPositions } from "../crate/positions.ts";
import { patchGrid, patchNumbers } from "../settings.ts";
import { type Pool, pooled } from "../tokens.ts";
import type { ViTOptions } from "../vit/vit.ts";
import { ViTBlock } from "../vit/vit-block.ts";
import { startLinear } from "./crate-mae.ts";

export interface ViTMaeOptions extends Omit<ViTOptions, "classes" | "pool"> {
  decoderDim: number;
  decoderDepth: number;
  decoderHeads: number;
  /** Whether queries, keys and values have a bias: not in the CRATE repository's models. */
  qkvBias?: boolean;
}

/**
 * MAE(X, mask): the encoder on the patches that are not removed, a narrower decoder on all; names are the authors'.
 * @see He et al. 2022, "Masked Autoencoders Are Scalable Vision Learners"
 */
export class ViTMae extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly positions: Tensor; //                                                [1, n, d]
  readonly embedding: PatchConvolution;
  readonly blocks: ViTBlock[] = [];
  readonly norm: LayerNorm;
  readonly decoderEmbedding: Linear;
  readonly maskToken: Tensor; //                                                [1, 1, d′]
  readonly decoderPositions: Tensor; //                                         [1, n, d′]
  readonly decoder: ViTBlock[] = [];
  readonly decoderNorm: LayerNorm;
  readonly prediction: Linear;

  constructor(
    readonly options: ViTMaeOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, heads, patch, channels = 3, decoderDim, decoderDepth, decoderHeads } = options;
    const grid = patchGrid(options);
    const numbers = patchNumbers(options);
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]).mul(0.02));
    this.positions = this.buffer("pos_embed", sinCosPositions(dim, grid));
    const flat = xavierUniform([dim, numbers], random.at("embedding"));
    const W = flat.reshape([dim, channels, ...sides(patch)]);
    const b = linearUniform([dim], numbers, random.at("embedding.bias"));
    this.embedding = this.child("embedding", new PatchConvolution(W, b), "patch_embed.proj");
    const block = (name: string, width: number, count: number) =>
      new ViTBlock(width, count, random.at(name), options);
    for (let l = 0; l < depth; l++)
      this.blocks.push(this.child(`block.${l}`, block(`block.${l}`, dim, heads), `blocks.${l}`));
    this.norm = this.child("norm", new LayerNorm(dim, 1e-6));
    const embed = linear(dim, decoderDim, random.at("decoderEmbedding"));
    this.decoderEmbedding = this.child("decoderEmbedding", embed, "decoder_embed");
    this.maskToken = this.parameter("mask_token", random.at("mask").normal([1, 1, decoderDim]).mul(0.02));
    this.decoderPositions = this.buffer("decoder_pos_embed", sinCosPositions(decoderDim, grid));
    for (let l = 0; l < decoderDepth; l++) {
      const layer = block(`decoder.${l}`, decoderDim, decoderHeads);
      this.decoder.push(this.child(`decoder.${l}`, layer, `decoder_blocks.${l}`));
    }
    this.decoderNorm = this.child("decoderNorm", new LayerNorm(decoderDim, 1e-6), "decoder_norm");
    const prediction = linear(decoderDim, numbers, random.at("prediction"));
    this.prediction = this.child("prediction", prediction, "decoder_pred");
    startLinear(this, random.at("linear"));
  }

  /** Tokens with positions, the class token first; of the patches `kept` alone where they are given, int64 [b, k]. */
  private encode(X: Tensor, kept?: Tensor): Tensor {
    const [clsAt, patchAt] = [
      this.positions.narrow(1, 0, 1),
      this.positions.narrow(1, 1, this.positions.size(1) - 1),
    ];
    let patches = this.embedding.apply(X); //                                   [b, N, d]
    const [b, , d] = patches.shape as [number, number, number];
    patches = patches.add(patchAt).to(patches.dtype);
    if (kept !== undefined) patches = patches.gather(1, kept.unsqueeze(-1).expand([b, kept.size(1), d]));
    const cls = this.cls.add(clsAt).expand([b, 1, d]).to(patches.dtype);
    let Z = this.probe("tokens", cat([cls, patches], 1)); //                    [b, k + 1, d]
    for (const layer of this.blocks) Z = layer.apply(Z);
    return this.probe("latent", this.norm.apply(Z));
  }

  /** Features of whole images from the encoder's tokens: [b, d]; `all` are [b, N d]. */
  features(X: Tensor, pool: Pool = "cls"): Tensor {
    return scope(() => pooled(this.encode(X), pool), "features");
  }

  /** Images [b, c, H, W] and a mask [b, N], 1 where a patch is removed, of equally many per image → [b, N, s²c]. */
  protected forward(X: Tensor, mask: Tensor): Tensor {
    const { order, restore, kept } = orderOf(mask);
    const Z = this.decoderEmbedding.apply(this.encode(X, order.narrow(1, 0, kept))); // [b, k + 1, d′]
    const [b, N] = mask.shape as [number, number];
    const d = Z.size(2);
    const removed = this.maskToken.to(Z.dtype).expand([b, N - kept, d]);
    const shuffled = cat([Z.narrow(1, 1, kept), removed], 1); //                [b, N, d′]
    const patches = shuffled.gather(1, restore.unsqueeze(-1).expand([b, N, d]));
    let Y = cat([Z.narrow(1, 0, 1), patches], 1)
      .add(this.decoderPositions)
      .to(Z.dtype);
    for (const layer of this.decoder) Y = layer.apply(Y);
    return this.prediction.apply(this.decoderNorm.apply(Y)).narrow(1, 1, N); //  [b, N, s²c]
  }
}

/** Patches in the order visible, removed; the order that undoes it; how many of each image are visible. */
function orderOf(mask: Tensor): { order: Tensor; restore: Tensor; kept: number } {
  return noGrad(() => {
    const N = mask.size(1);
    const [, order] = mask
      .mul(N)
      .add(arange(N, { device: mask.device }))
      .sort(1);
    const [, restore] = order.sort(1);
    // read from the device, because it becomes a shape
    return { order, restore, kept: N - mask.select(0, 0).sum().item() };
  });
}

/** @file The family of ViT: its options and sizes, and the tensors that its files have. */

import { z } from "zod";
import type { Random } from "../../tensor/index.ts";
import {
  countLayers,
  type Embedded,
  type Family,
  layersNamed,
  ofKernel,
  type Recognised,
  type Shapes,
} from "../family.ts";
import {
  headConflict,
  patchConflict,
  patches,
  patchNumbers,
  pool,
  tokenCount,
  tokenSizes,
} from "../settings.ts";
import { chosenStemConflict, recogniseStem, stem, stemCount } from "../stem.ts";
import { ViT, type ViTOptions } from "./vit.ts";
import { blockCount } from "./vit-block.ts";

/** What other ViTs have and ours has not: no recipe sets these, weights from elsewhere do. */
const ELSEWHERE = ["qkvBias", "epsilon", "activation", "layerScale", "registers", "preNorm"];

const form = {
  options: z.strictObject({ ...tokenSizes, ...patches, pool, stem }),
  build: (options: ViTOptions, random: Random) => new ViT(options, random),
  count(options: ViTOptions): number {
    const { dim: d, depth: L, imageSize, patch, classes: C, registers = 0, preNorm = false } = options;
    const linear = patchNumbers(options) * d + (preNorm ? 0 : d);
    const first = options.stem === "convolutions" ? stemCount(options, d) : linear;
    const tokens = first + (preNorm ? 2 * d : 0) + registers * d + tokenCount(imageSize, patch) * d + d;
    const layer = blockCount(d, options.qkvBias) + (options.layerScale ? 2 * d : 0);
    return tokens + L * layer + 2 * d + (C === undefined ? 0 : d * C + C);
  },
  check: (options: ViTOptions) =>
    patchConflict(options) ?? headConflict(options) ?? chosenStemConflict(options),
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
  recognise(tensors, known) {
    const others = tensors.has("blocks.0.attn.temp") || isAutoencoder(tensors); // ToST's, or those of a ViT-MAE
    const embedding = () => patchKernel(tensors) ?? recogniseStem(tensors, known?.patch);
    return others ? undefined : recogniseViT(tensors, embedding());
  },
};

export const isAutoencoder = (tensors: Shapes): boolean =>
  [...tensors.keys()].some((name) => name.startsWith("decoder_blocks."));

/** Patches cut by a convolution, as timm names it. */
export const patchKernel = (tensors: Shapes): Embedded | undefined =>
  ofKernel(tensors.get("patch_embed.proj.weight")?.shape);

/** What a ViT and the encoder of a ViT-MAE have in common. */
export function recogniseViT(tensors: Shapes, embedding?: Embedded): Recognised | undefined {
  const qkv = tensors.get("blocks.0.attn.qkv.weight")?.shape[0];
  return qkv === undefined || embedding === undefined
    ? undefined
    : recogniseBlocks(tensors, embedding, qkv / 3);
}

/** Layers named `blocks` behind tokens of these sizes. */
export function recogniseBlocks(tensors: Shapes, embedding: Embedded, inner: number): Recognised {
  const positions = tensors.get("decoder_pos_embed") ?? tensors.get("pos_embed");
  const classes = tensors.get("head.weight")?.shape[0];
  return {
    ...{ ...embedding, depth: countLayers(tensors, "blocks."), inner },
    patches: (positions?.shape[1] ?? 0) - 1,
    ...(classes !== undefined && { classes }),
  };
}

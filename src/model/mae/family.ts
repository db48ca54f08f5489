/** @file The families of masked autoencoders: options, published sizes, files. */

import { z } from "zod";
import { amount, layers, width } from "../../base/bounds.ts";
import type { Unsized } from "../crate/crate.ts";
import { mssaCount } from "../crate/mssa.ts";
import { type Conflict, type Family, layersNamed } from "../family.ts";
import {
  eta,
  headConflict,
  headDim,
  headDimOf,
  lambda,
  patchConflict,
  patches,
  patchNumbers,
  pool,
  tokenSizes,
} from "../settings.ts";
import { isAutoencoder, patchKernel, recogniseBlocks, recogniseViT } from "../vit/family.ts";
import { blockCount } from "../vit/vit-block.ts";
import {
  CrateMae,
  CrateMaeClassifier,
  type CrateMaeClassifierOptions,
  type CrateMaeOptions,
} from "./crate-mae.ts";
import { ViTMae, type ViTMaeOptions } from "./vit-mae.ts";

const shared = { ...tokenSizes, headDim, ...patches, eta };

/** Of CRATE's layers alone. */
function layerCount(options: Unsized<CrateMaeOptions>): number {
  const d = options.dim;
  return 4 * d + mssaCount(d, { ...options, headDim: headDimOf(options) }) + d * d;
}

/** Class token, patches, encoder layers and the last norm. */
function encoderCount(options: Unsized<CrateMaeOptions>): number {
  const { dim: d, depth: L } = options;
  return d + patchNumbers(options) * d + d + L * layerCount(options) + 2 * d;
}

const sized = <O extends Unsized<CrateMaeOptions>>(options: O) => ({
  ...options,
  headDim: headDimOf(options),
});
const crateConflict = (options: Unsized<CrateMaeOptions>) =>
  patchConflict(options) ?? headConflict(options, true) ?? waveConflict("dim", options.dim);

/** A width that sines and cosines of two directions do not fill. */
const waveConflict = (key: string, width: number): Conflict | undefined =>
  width % 4 === 0 ? undefined : { key, message: `${width} is no multiple of 4, as fixed positions need` };

const paper = (size: string) =>
  `CRATE-MAE-${size}, Pai et al. 2024; as many decoder layers as encoder layers`;

/** The autoencoder, and a classifier on its encoder. */
export const crateMae: Family = {
  name: "crate_mae",
  about: "CRATE-MAE of any size, Pai et al. 2024",
  forms: {
    autoencoder: {
      options: z.strictObject({
        ...shared,
        lambda: amount.default(0.5).describe("sparsity penalty λ of ISTA"),
      }),
      build: (options: Unsized<CrateMaeOptions>, random) => new CrateMae(sized(options), random),
      count(options: Unsized<CrateMaeOptions>) {
        const { dim: d, depth: L } = options;
        const P = patchNumbers(options);
        return encoderCount(options) + d + L * layerCount(options) + 2 * d + (P * d + P);
      },
      check: crateConflict,
    },
    classifier: {
      options: z.strictObject({ ...shared, lambda, pool }),
      given: ["classes"],
      build: (options: Unsized<CrateMaeClassifierOptions>, random) =>
        new CrateMaeClassifier(sized(options), random),
      count: (options: Unsized<CrateMaeClassifierOptions>) =>
        encoderCount(options) + (options.dim + 1) * options.classes,
      check: crateConflict,
    },
  },
  needs: ["dim", "depth", "heads"],
  sizes: {
    crate_mae_tiny: { dim: 384, depth: 12, heads: 6, about: paper("Tiny") },
    crate_mae_small: { dim: 576, depth: 12, heads: 12, about: paper("Small") },
    crate_mae_base: { dim: 768, depth: 12, heads: 12, about: paper("Base") },
    crate_mae_large: { dim: 1024, depth: 24, heads: 16, about: paper("Large") },
  },
  shown: { patch: 16, imageSize: 224 },
  head: ["head.weight", "head.bias"],
  positions: ["pos_embed", "decoder_pos_embed"],
  layerOf: layersNamed("blocks", ["cls_token", "patch_embed"]),
  recognise(tensors) {
    const inner = tensors.get("blocks.0.layers.0.0.fn.qkv.weight")?.shape[0];
    const embedding = patchKernel(tensors);
    return inner === undefined || embedding === undefined
      ? undefined
      : recogniseBlocks(tensors, embedding, inner);
  },
};

function decoderConflict({ decoderDim, decoderHeads }: ViTMaeOptions): Conflict | undefined {
  if (decoderDim % decoderHeads === 0) return undefined;
  return { key: "decoderHeads", message: `${decoderHeads} does not divide model.decoderDim ${decoderDim}` };
}

const wide = (size: string) => `ViT-MAE-${size} as wide as the CRATE repository has it, for comparison`;

export const vitMae: Family = {
  name: "vit_mae",
  about: "ViT-MAE of any size, for comparison",
  forms: {
    autoencoder: {
      options: z.strictObject({
        ...tokenSizes,
        decoderDim: width.exactOptional().describe("width of the decoder"),
        decoderDepth: layers.exactOptional().describe("layers of the decoder"),
        decoderHeads: width.exactOptional().describe("heads of the decoder"),
        qkvBias: z.boolean().exactOptional().describe("whether queries, keys and values have a bias"),
        ...patches,
      }),
      build: (options: ViTMaeOptions, random) => new ViTMae(options, random),
      count(options: ViTMaeOptions) {
        const { dim: d, depth: L, decoderDim: e, decoderDepth: M, qkvBias } = options;
        const P = patchNumbers(options);
        const encoder = P * d + d + d + L * blockCount(d, qkvBias) + 2 * d;
        return encoder + (d * e + e) + e + M * blockCount(e, qkvBias) + 2 * e + (e * P + P);
      },
      check: (options: ViTMaeOptions) =>
        patchConflict(options) ??
        headConflict(options) ??
        decoderConflict(options) ??
        waveConflict("dim", options.dim) ??
        waveConflict("decoderDim", options.decoderDim),
    },
  },
  needs: ["dim", "depth", "heads", "decoderDim", "decoderDepth", "decoderHeads"],
  sizes: {
    vit_mae_small: {
      ...{ dim: 384, depth: 12, heads: 6, decoderDim: 512, decoderDepth: 8, decoderHeads: 16 },
      about: "ViT-MAE-Small, for comparison",
    },
    vit_mae_base: {
      ...{ dim: 768, depth: 12, heads: 12, decoderDim: 768, decoderDepth: 8, decoderHeads: 16 },
      ...{ qkvBias: false, about: wide("Base") },
    },
    vit_mae_large: {
      ...{ dim: 1024, depth: 24, heads: 16, decoderDim: 1024, decoderDepth: 8, decoderHeads: 16 },
      ...{ qkvBias: false, about: wide("Large") },
    },
  },
  shown: { patch: 16, imageSize: 224 },
  positions: ["pos_embed", "decoder_pos_embed"],
  recognise: (tensors) => (isAutoencoder(tensors) ? recogniseViT(tensors, patchKernel(tensors)) : undefined),
};

/** @file The family of CRATE-α: its published sizes, and its files. */

import { z } from "zod";
import type { Random } from "../../tensor/index.ts";
import { countLayers, type Family, layersNamed, ofKernel } from "../family.ts";
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
  tokenCount,
  tokenSizes,
} from "../settings.ts";
import { chosenStemConflict, recogniseStem, stem, stemCount } from "../stem.ts";
import type { Unsized } from "./crate.ts";
import { CrateAlpha, type CrateAlphaOptions, RATIO } from "./crate-alpha.ts";

const paper = "Yang et al. 2024";

export const crateAlpha: Family = {
  name: "crate_alpha",
  about: `CRATE-α of any size, ${paper}`,
  forms: {
    classifier: {
      options: z.strictObject({ ...tokenSizes, headDim, ...patches, eta, lambda, pool, stem }),
      given: ["classes"],
      build: (options: Unsized<CrateAlphaOptions>, random: Random) =>
        new CrateAlpha({ ...options, headDim: headDimOf(options) }, random),
      count(options: Unsized<CrateAlphaOptions>) {
        const { dim: d, depth: L, heads, imageSize, patch, classes: C } = options;
        const inner = heads * headDimOf(options);
        const first = options.stem === "convolutions" ? stemCount(options, d) : patchNumbers(options) * d + d;
        const embedding = first + tokenCount(imageSize, patch) * d + d;
        return embedding + L * (4 * d + 2 * inner * d + 2 * RATIO * d * d) + 2 * d + d * C + C;
      },
      check: (options: Unsized<CrateAlphaOptions>) =>
        patchConflict(options) ?? headConflict(options, true) ?? chosenStemConflict(options),
    },
  },
  needs: ["dim", "depth", "heads"],
  sizes: {
    crate_alpha_tiny: { dim: 192, depth: 12, heads: 3, about: `CRATE-α-Ti, ${paper}` },
    crate_alpha_small: { dim: 576, depth: 12, heads: 12, about: `CRATE-α-S, ${paper}` },
    crate_alpha_base: { dim: 768, depth: 12, heads: 12, about: `CRATE-α-B, ${paper}` },
    crate_alpha_large: { dim: 1024, depth: 24, heads: 16, about: `CRATE-α-L, ${paper}` },
    crate_alpha_huge: { dim: 1280, depth: 32, heads: 16, about: `CRATE-α-H, ${paper}` },
  },
  shown: { patch: 16, imageSize: 224, classes: 1000 },
  head: ["mlp_head.1.weight", "mlp_head.1.bias"],
  positions: ["pos_embedding"],
  layerOf: layersNamed("transformer.layers", ["cls_token", "pos_embedding", "conv1.", "patch_embed"]),
  recognise(tensors, known) {
    const inner = tensors.get("transformer.layers.0.0.fn.qkv.weight")?.shape[0];
    const embedding = ofKernel(tensors.get("conv1.weight")?.shape) ?? recogniseStem(tensors, known?.patch);
    if (!tensors.has("transformer.layers.0.1.fn.D") || inner === undefined || embedding === undefined)
      return undefined;
    const classes = tensors.get("mlp_head.1.weight")?.shape[0];
    return {
      ...{ ...embedding, depth: countLayers(tensors, "transformer.layers."), inner },
      patches: (tensors.get("pos_embedding")?.shape[1] ?? 0) - 1,
      ...(classes !== undefined && { classes }),
    };
  },
};

/** @file The family of ToST: its options and published sizes. */

import { z } from "zod";
import { sides } from "../../base/size.ts";
import { countLayers, type Family, layersNamed, type Recognised, type Shapes } from "../family.ts";
import { headConflict, patchConflict, patches, tokenSizes } from "../settings.ts";
import { recogniseStem, stemConflict, stemCount } from "../stem.ts";
import { CLASS_BLOCKS, Tost, type TostOptions } from "./tost.ts";

const paper = "Wu et al. 2024";

/** Side of the images that its files are published for: positions are waves, which fit any size. */
const PUBLISHED = 224;

function recognise(tensors: Shapes): Recognised | undefined {
  const inner = tensors.get("blocks.0.attn.qkv.weight")?.shape[0];
  const stem = recogniseStem(tensors);
  if (!tensors.has("blocks.0.attn.temp") || inner === undefined || stem === undefined) return undefined;
  const { dim, channels, patch } = stem;
  const classes = tensors.get("head.weight")?.shape[0];
  return {
    ...{ dim, depth: countLayers(tensors, "blocks."), inner, channels, patch },
    patches: Math.floor(PUBLISHED / sides(patch)[0]) ** 2,
    heads: tensors.get("blocks.0.attn.temp")!.shape[0]!,
    ...(classes !== undefined && { classes }),
  };
}

export const tost: Family = {
  name: "tost",
  about: `ToST of any size, ${paper}`,
  forms: {
    classifier: {
      options: z.strictObject({ ...tokenSizes, ...patches }),
      given: ["classes"],
      build: (options: TostOptions, random) => new Tost(options, random),
      count(options: TostOptions) {
        const { dim: d, depth: L, heads, classes: C } = options;
        const layers = L * (10 * d * d + 13 * d + heads) + CLASS_BLOCKS * (12 * d * d + 15 * d);
        return stemCount(options, d) + d + 65 * d + layers + 2 * d + d * C + C;
      },
      check: (options: TostOptions) =>
        patchConflict(options) ?? stemConflict(options) ?? headConflict(options),
    },
  },
  needs: ["dim", "depth", "heads"],
  sizes: {
    tost_tiny12: { dim: 192, depth: 12, heads: 4, about: `ToST-T, ${paper}` },
    tost_small12: { dim: 384, depth: 12, heads: 8, about: `ToST-S, ${paper}` },
    tost_tiny24: { dim: 192, depth: 24, heads: 4, about: `ToST-T of 24 layers, ${paper}` },
    tost_small24: { dim: 384, depth: 24, heads: 8, about: `ToST-S of 24 layers, ${paper}` },
    tost_medium24: { dim: 512, depth: 24, heads: 8, about: `ToST-M, ${paper}` },
    tost_large24: { dim: 768, depth: 24, heads: 16, about: `ToST-L, ${paper}` },
  },
  shown: { patch: 16, imageSize: 224, classes: 1000 },
  head: ["head.weight", "head.bias"],
  layerOf: layersNamed("blocks", ["cls_token", "patch_embed", "pos_embeder"]),
  recognise,
};

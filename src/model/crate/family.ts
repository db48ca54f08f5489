/** @file The family of CRATE: its published sizes, and its files. */

import { areaOf, type Size } from "../../base/size.ts";
import {
  countLayers,
  type Embedded,
  type Family,
  layersNamed,
  type Recognised,
  type Shapes,
} from "../family.ts";
import { recogniseStem } from "../stem.ts";
import { buildCrate, crateConflict, crateCount, crateSettings } from "./crate.ts";
import { BEFORE } from "./embedding.ts";

const form = { options: crateSettings, build: buildCrate, count: crateCount, check: crateConflict };
const paper = "Yu et al. 2023";

export const crate: Family = {
  name: "crate",
  about: `CRATE of any size, ${paper}`,
  forms: { classifier: { ...form, given: ["classes"] }, backbone: form },
  needs: ["dim", "depth", "heads"],
  sizes: {
    crate_tiny: { dim: 384, depth: 12, heads: 6, about: `CRATE-Tiny, ${paper}` },
    crate_small: { dim: 576, depth: 12, heads: 12, about: `CRATE-Small, ${paper}` },
    crate_base: { dim: 768, depth: 12, heads: 12, about: `CRATE-Base, ${paper}` },
    crate_large: { dim: 1024, depth: 24, heads: 16, about: `CRATE-Large, ${paper}` },
  },
  aliases: {
    CRATE_tiny: "crate_tiny",
    CRATE_small: "crate_small",
    CRATE_base: "crate_base",
    CRATE_large: "crate_large",
  },
  shown: { patch: 16, imageSize: 224, classes: 1000 },
  head: ["mlp_head.1.weight", "mlp_head.1.bias"],
  positions: ["pos_embedding"],
  layerOf: layersNamed("transformer.layers", BEFORE),
  recognise,
  headsOf,
};

function recognise(tensors: Shapes, known: { readonly patch?: Size } = {}): Recognised | undefined {
  const shape = (name: string) => tensors.get(name)?.shape ?? [];
  const depth = countLayers(tensors, "transformer.layers.");
  const embedding = ofPatches(tensors, known.patch) ?? recogniseStem(tensors, known.patch);
  if (embedding === undefined || depth === 0 || isOther(tensors)) return undefined;
  const subspaces = BASES.find((name) => tensors.has(`transformer.layers.0.0.fn.qkv.${name}`));
  const [inner = 0] = shape(`transformer.layers.0.0.fn.qkv.${subspaces ?? "weight"}`);
  const [classes] = shape("mlp_head.1.weight");
  const settings = {
    ...embedding.settings,
    ...(subspaces !== undefined && { subspaces }),
    ...(tensors.has("transformer.layers.0.0.fn.head_steps") && { tiedOutput: true, headSteps: true }),
    ...(tensors.has("transformer.layers.0.1.fn.log_eta") && { learnedSteps: true }),
  };
  return {
    ...{ ...embedding, depth, inner, patches: (shape("pos_embedding")[1] ?? 0) - 1 },
    ...(classes !== undefined && { classes }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
}

/** Parameters of bases by a Cayley map, which have the names of the setting. */
const BASES = ["orthonormal", "orthogonal"];

/** Of a flat patch the numbers are known, not the sides: it is a square where nothing else is. */
function ofPatches(tensors: Shapes, patch?: Size): Embedded | undefined {
  const [dim, numbers] = tensors.get("to_patch_embedding.2.weight")?.shape ?? [];
  if (dim === undefined || numbers === undefined) return undefined;
  const square = Number.isInteger(Math.sqrt(numbers / 3)) ? 3 : 1;
  const channels = patch === undefined ? square : numbers / areaOf(patch);
  return { dim, channels, patch: patch ?? Math.sqrt(numbers / channels) };
}

/** AoT has all tensors of a CRATE but the dictionaries and the norms before them; CRATE-α a second dictionary. */
const isOther = (tensors: Shapes): boolean =>
  (tensors.has("transformer.layers.0.0.norm.weight") && !tensors.has("transformer.layers.0.1.norm.weight")) ||
  tensors.has("transformer.layers.0.1.fn.D");

/**
 * CRATE-Base is published twice with the same shapes of layers: as in the paper with 12 heads of 64, and for segmentation
 * with 6 of 128, whose file has patches of 8 and a square layer before a head of 21,842 classes.
 */
function headsOf({ dim, depth, patch, classes }: Recognised, tensors: Shapes) {
  if (dim !== 768 || depth !== 12) return undefined;
  const squareHead = classes === dim && [...tensors.values()].some(({ shape }) => shape[0] === 21_842);
  return squareHead && patch === 8 ? { heads: 6, otherHeads: 12 } : { heads: 12, otherHeads: 6 };
}

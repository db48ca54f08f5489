/** @file Every network that gives logits of images, by name. */

import type { Random } from "../tensor/index.ts";
import type { Crate } from "./crate/crate.ts";
import type { CrateMaeClassifier } from "./mae/crate-mae.ts";
import { createMaeClassifier } from "./mae-registry.ts";
import { createModel, type ImageModel, type ModelOptions } from "./registry.ts";
import type { ViT } from "./vit/vit.ts";

/** A CRATE, one of its successors, a ViT, or the encoder of a CRATE-MAE with a head. */
export type ImageClassifier = ImageModel | CrateMaeClassifier;

/** Those whose layers, weights and attention the inspector draws. */
export type DrawnClassifier = Crate | ViT | CrateMaeClassifier;

/** Builds a classifier: names of `createModel`, and `crate_mae…`. @throws {UsageError} unknown name, a size that is missing */
export function createClassifier(name: string, options: ModelOptions, random: Random): ImageClassifier {
  return name.startsWith("crate_mae")
    ? createMaeClassifier(name, options, random)
    : createModel(name, options, random);
}

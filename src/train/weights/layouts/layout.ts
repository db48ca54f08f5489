/** @file Names of tensors in other libraries, and what they are called here. */

import type { Shapes } from "../../../model/index.ts";

export type Config = Readonly<Record<string, unknown>>;

/**
 * What becomes of a tensor: `row` [n, d] or [d] → [1, n, d]; `transposed` [n, d] → [d, n]; `class` [1, n, d] → [1, n + 1, d], a
 * row of zeros first, for the class token; 0, 1, 2 are queries, keys and values, which are one tensor here.
 */
export type Change = "row" | "transposed" | "class" | 0 | 1 | 2;

/** `*` stands for the number of a layer, and a dot at the end for weight and bias. */
export type Name = readonly [theirs: string, ours: string, change?: Change];

export interface Layout {
  /** Whose it is: `ViT of Hugging Face`. */
  readonly name: string;
  /** Of the registry. */
  readonly family: "vit" | "gpt2" | "bert";
  /** A tensor that every one of these files has, and no other; what stands before its name stands before the network's. */
  readonly anchor: string;
  readonly names: readonly Name[];
  /** What else the network has that ours has not and need not: heads, decoders, buffers. */
  readonly besides: RegExp;
  /** What the tensors, under our names, and config.json tell; a text where ours cannot compute it. */
  settings(tensors: Shapes, config: Config): Settings | string;
}

/** Settings of our model. */
export type Settings = Readonly<Record<string, unknown>>;

/** A number of config.json, where it has one. */
export const numberIn = (config: Config, key: string): number | undefined => {
  const value = config[key];
  return typeof value === "number" ? value : undefined;
};

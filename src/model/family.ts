/** @file What a family of models says of itself: its options, sizes, and how it is built, counted and recognised. */

import type { z } from "zod";
import type { Size } from "../base/size.ts";
import type { Module } from "../nn/index.ts";
import type { Random } from "../tensor/index.ts";

/** An option that does not go with the others: which, and why. */
export interface Conflict {
  key: string;
  message: string;
}

/** One use of a family: with these options, this network. */
export interface Form<Network = Module> {
  /** Settings of a recipe's `model`, with their defaults. */
  readonly options: z.ZodObject;
  /** Options that no recipe has, because the data tell them: `classes`. */
  readonly given?: readonly string[];
  build(options: object, random: Random): Network;
  /** Learned parameters, without building the network. */
  count(options: object): number;
  /** The first option that does not go with the others. */
  check?(options: object): Conflict | undefined;
}

/** f: images [b, c, H, W] → features [b, d] on the unit sphere; g: features → images in (−1, 1). */
export interface ClosedLoopNets {
  encoder: Module;
  decoder: Module;
}

/** The uses of networks that methods ask for. */
export interface Forms {
  /** Images [b, c, H, W] → logits [b, classes]. */
  classifier?: Form;
  /** Images → features [b, d], d as its `options.dim` says. */
  backbone?: Form;
  /** Images and a mask [b, N] → patches [b, N, s²c], with `features`. */
  autoencoder?: Form;
  /** Images → features [b, `features`], rows of length 1. */
  encoder?: Form;
  /** Encoder and decoder of a closed loop; the authors' size of images and Adam's β. */
  pair?: Form<ClosedLoopNets> & { readonly imageSize: number; readonly betas: readonly [number, number] };
  /** Tokens int64 [b, n] → logits [b, n, vocabulary]: of the next ones where it is `causal`, else of masked ones. */
  language?: Form & { readonly causal: boolean };
}

export type FormName = keyof Forms;

/** Anything with a shape: a tensor, or an entry of a file. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** What names and shapes of tensors tell of a network of images. */
export interface Recognised {
  dim: number;
  depth: number;
  /** Width of all heads together. */
  inner: number;
  patch: Size;
  /** Patches of an image. */
  patches: number;
  channels: number;
  /** Of classifiers. */
  classes?: number;
  /** Where a tensor tells them, as in ToST. */
  heads?: number;
  /** Other options that tensors tell, such as learned steps of a CRATE. */
  settings?: Readonly<Record<string, unknown>>;
}

/** Which layer a parameter belongs to: −1 before the first, from 0 on in one, `undefined` after the last. */
export type LayerOf = (parameter: string) => number | undefined;

export interface Family {
  readonly name: string;
  readonly about: string;
  readonly forms: Forms;
  /** Options that a published size sets, and that the family's name alone leaves to be given. */
  readonly needs?: readonly string[];
  /** Published sizes by name. */
  readonly sizes?: Readonly<Record<string, { about: string } & Readonly<Record<string, unknown>>>>;
  /** Other names of its sizes: those of the official repository. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Options that parameters are counted for in lists. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** Tensors of the classifier's head, which may be of other classes in a file. */
  readonly head?: readonly string[];
  /** Tensors of positions [1, n, d], the class token's first, which may be of another grid in a file. */
  readonly positions?: readonly string[];
  /** For smaller learning rates near the image. */
  readonly layerOf?: LayerOf;
  /** The network that the tensors are of; nothing where they are another family's. A patch that settings tell is `known`. */
  recognise?(tensors: Shapes, known?: { readonly patch?: Size }): Recognised | undefined;
  /** Other numbers of heads than the size's, and which of them a file has: where files of equal shapes are published. */
  headsOf?(found: Recognised, tensors: Shapes): { heads: number; otherHeads: number } | undefined;
}

/** Layers are numbered below `blocks`; what begins with one of `before` comes before the first. */
export const layersNamed =
  (blocks: string, before: readonly string[]): LayerOf =>
  (parameter) => {
    if (parameter.startsWith(`${blocks}.`)) return Number.parseInt(parameter.slice(blocks.length + 1), 10);
    return before.some((name) => parameter.startsWith(name)) ? -1 : undefined;
  };

/** Numbers behind a prefix, counted: `blocks.0.…`, `blocks.1.…` */
export const countLayers = (tensors: Shapes, prefix: string): number =>
  new Set(
    [...tensors.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length).split(".")[0]),
  ).size;

/** What the tensors that make tokens of patches tell. */
export type Embedded = Pick<Recognised, "dim" | "channels" | "patch" | "settings">;

/** Patches cut by a convolution with this kernel [d, c, h, w]. */
export function ofKernel(kernel: readonly number[] | undefined): Embedded | undefined {
  if (kernel?.length !== 4) return undefined;
  const [dim, channels, height, width] = kernel as [number, number, number, number];
  return { dim, channels, patch: height === width ? height : [height, width] };
}

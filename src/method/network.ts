/** @file A trained network as a function of named inputs: what can be traced, exported and looked into. */

import { type Size, sides } from "../base/size.ts";
import { type Normalisation, normalisation } from "../data/index.ts";
import type { Module } from "../nn/index.ts";
import type { Random, Tensor } from "../tensor/index.ts";
import type { LoadedCheckpoint } from "../train/index.ts";
import type { RunConfig } from "./run-types.ts";

/** What goes into a network, for each sample. */
export type NetworkInput = { readonly name: string } & (
  | {
      /** float32 [b, channels, height, width] */
      readonly kind: "image";
      readonly channels: number;
      readonly height: number;
      readonly width: number;
      /** Of pixels in 0 … 1, per channel. */
      readonly normalise: Normalisation;
    }
  /** float32 [b, patches], 1 where a patch is removed */
  | { readonly kind: "mask"; readonly patches: number }
  /** int64 [b, length] */
  | { readonly kind: "tokens"; readonly length: number; readonly vocabulary: number }
  /** float32 [b, …] */
  | { readonly kind: "features"; readonly shape: readonly number[] }
);

/** The caller frees it. */
export interface Network extends Disposable {
  readonly name: string;
  /** In evaluation mode; its probes are shown. */
  readonly model: Module;
  readonly inputs: readonly NetworkInput[];
  /** What comes out, by name, the main one first: `logits`, `features`, `memberships`. */
  run(...inputs: Tensor[]): Readonly<Record<string, Tensor>>;
  /** Names of classes, where the logits are of some. */
  readonly classes?: readonly string[];
}

/** Where a network is restored from. */
export interface Restored {
  /** The run's folder. */
  folder: string;
  checkpoint: LoadedCheckpoint;
}

/** The network of a run, as it was at a checkpoint. */
export type NetworkOf<R> = (recipe: R, from: Restored) => Network | Promise<Network>;

/** A module as a network, in evaluation mode. */
export function networkOf(
  name: string,
  model: Module,
  inputs: readonly NetworkInput[],
  run: (...inputs: Tensor[]) => Readonly<Record<string, Tensor>>,
  classes?: readonly string[],
): Network {
  model.eval();
  return { name, model, inputs, run, ...(classes && { classes }), [Symbol.dispose]: () => model.dispose() };
}

/** The input of a network of images. */
export function imageInput(size: Size, channels: number, normalise: Normalisation): NetworkInput {
  const [height, width] = sides(size);
  return { name: "image", kind: "image", channels, height, width, normalise };
}

/** The encoder of a run whose pixels stay in [0, 1], as a network. */
export function encoderAsNetwork(
  { model, data }: { model: { name: string; imageSize: Size }; data: { name: string } },
  { checkpoint }: Restored,
  encoder: Module,
): Network {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const input = imageInput(model.imageSize, channels, normalisation({ name: data.name, channels }, "none"));
  return networkOf(model.name, encoder, [input], (X) => ({ features: encoder.apply(X!) }));
}

/** Random inputs for b samples. */
export const randomInputs = (inputs: readonly NetworkInput[], b: number, draws: Random): Tensor[] =>
  inputs.map((input) => {
    const at = draws.at(input.name);
    if (input.kind === "tokens") return at.uniform([b, input.length], 0, input.vocabulary).to("int64");
    if (input.kind === "mask") return at.uniform([b, input.patches]).gt(0.5).to("float32");
    if (input.kind === "features") return at.normal([b, ...input.shape]);
    return at.normal([b, input.channels, input.height, input.width]);
  });

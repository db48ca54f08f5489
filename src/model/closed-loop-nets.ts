/** @file Pairs of encoder and decoder for closed-loop transcription, by name. */

import type { Module } from "../nn/index.ts";
import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import { DcganDecoder, DcganEncoder, type DcganOptions } from "./convolutional/dcgan.ts";
import { SNGAN_WIDTHS, SnganDecoder, SnganEncoder } from "./convolutional/sngan.ts";

/** f: images [b, c, H, W] → features [b, d] on the unit sphere; g: features → images in (−1, 1). */
export interface ClosedLoopNets {
  encoder: Module;
  decoder: Module;
}

export interface ClosedLoopNetOptions {
  channels: number;
  /** d, 128 unless given. */
  features?: number;
  /** Channels of the encoder's first stage (DCGAN kinds, 64), or of the decoder's start (SNGAN kinds). */
  width?: number;
  start?: "normal" | "pytorch";
}

export interface ClosedLoopNetInfo {
  name: string;
  about: string;
  imageSize: 32 | 48 | 128;
  /** Adam's β of the authors' runs with these nets. */
  betas: readonly [number, number];
}

const DCGAN_BETAS = [0.5, 0.999] as const;
const SNGAN_BETAS = [0, 0.9] as const;

/** Every kind, with the Adam betas that the authors trained it with. */
export const CLOSED_LOOP_NETS: readonly ClosedLoopNetInfo[] = [
  { name: "ctrl_mnist", about: "DCGAN kind, flat names: MNIST", imageSize: 32, betas: DCGAN_BETAS },
  {
    name: "ctrl_cifar",
    about: "DCGAN kind in blocks (mini_dcgan): CIFAR-10",
    imageSize: 32,
    betas: DCGAN_BETAS,
  },
  { name: "ctrl_cifar_double", about: "the same with doubled stages", imageSize: 32, betas: DCGAN_BETAS },
  { name: "ictrl", about: "DCGAN kind with the wider decoder of i-CTRL", imageSize: 32, betas: DCGAN_BETAS },
  { name: "ctrl_sngan_32", about: "residual, spectral norm: CIFAR-10", imageSize: 32, betas: SNGAN_BETAS },
  { name: "ctrl_sngan_48", about: "residual, spectral norm: STL-10", imageSize: 48, betas: SNGAN_BETAS },
  {
    name: "ctrl_sngan_128",
    about: "residual, spectral norm: faces, rooms, ImageNet",
    imageSize: 128,
    betas: SNGAN_BETAS,
  },
];

/** What is known of a kind. @throws {UsageError} unknown name */
export function closedLoopNetInfo(name: string): ClosedLoopNetInfo {
  const found = CLOSED_LOOP_NETS.find((info) => info.name === name);
  if (found !== undefined) return found;
  const names = CLOSED_LOOP_NETS.map((info) => info.name);
  throw new UsageError(`nets: no "${name}"${hint(name, names)}; expected one of ${names.join(", ")}`);
}

/** Builds a pair, freshly started. @throws {UsageError} unknown name, a width that does not divide */
export function closedLoopNets(name: string, options: ClosedLoopNetOptions, random: Random): ClosedLoopNets {
  const { imageSize } = closedLoopNetInfo(name);
  const { channels, features = 128, start } = options;
  const [f, g] = [random.at("encoder"), random.at("decoder")];
  return scope(() => {
    if (name.startsWith("ctrl_sngan")) {
      const { width = SNGAN_WIDTHS[imageSize] } = options;
      if (width % 16 !== 0) throw new UsageError(`nets: expected a width divisible by 16, got ${width}`);
      const sizes = { size: imageSize, channels, features, width };
      return { encoder: new SnganEncoder(sizes, f), decoder: new SnganDecoder(sizes, g) };
    }
    const { width: w = 64 } = options;
    const common = {
      ...{ channels, features },
      ...{ names: name.startsWith("ctrl_cifar") ? "blocks" : "flat", double: name === "ctrl_cifar_double" },
      ...(start && { start }),
    } satisfies Partial<DcganOptions> as Omit<DcganOptions, "widths">;
    const decoder = name === "ictrl" ? ([8 * w, 4 * w, 2 * w] as const) : ([4 * w, 2 * w, w] as const);
    return {
      encoder: new DcganEncoder({ ...common, widths: [w, 2 * w, 4 * w] }, f),
      decoder: new DcganDecoder({ ...common, widths: decoder }, g),
    };
  }, "closedLoopNets");
}

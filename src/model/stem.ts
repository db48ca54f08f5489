/** @file ToST's stem, which any transformer of patches may take: tokens by convolutions that see across patches' edges. */

import { z } from "zod";
import { type Size, sides, sizeInWords } from "../base/size.ts";
import { BatchNorm, type Conv2d, conv2d, Module } from "../nn/index.ts";
import type { Random, Tensor } from "../tensor/index.ts";
import { type Conflict, countLayers, type Embedded, type Shapes } from "./family.ts";

export interface StemOptions {
  /** What makes tokens of patches: a linear map of each, or the convolutions of a stem; patches. */
  stem?: "patches" | "convolutions";
}

export const stem = z
  .enum(["patches", "convolutions"])
  .default("patches")
  .describe("tokens of patches: a linear map of each, or ToST's convolutions with batch normalisation");

/** A 3 × 3 convolution of stride 2 (of one side or both) and batch normalisation. */
class Halving extends Module {
  readonly conv: Conv2d;
  readonly norm: BatchNorm;

  constructor(inputs: number, outputs: number, stride: readonly [number, number], random: Random) {
    super();
    const options = { stride, padding: 1, bias: false };
    this.conv = this.child("conv", conv2d(inputs, outputs, 3, random, options), "0");
    this.norm = this.child("norm", new BatchNorm(outputs), "1");
  }

  protected forward(X: Tensor): Tensor {
    return this.norm.apply(this.conv.apply(X));
  }
}

/** Channels after each halving of the longer side of a patch: d / 2^{k−1}, …, d / 2, d. */
export function stemWidths(patch: Size, dim: number): number[] {
  const k = Math.log2(Math.max(...sides(patch)));
  return Array.from({ length: k }, (_, i) => dim / 2 ** (k - 1 - i));
}

/** Learned parameters of a stem: 3 × 3 convolutions and their norms. */
export const stemCount = (
  { patch, channels = 3 }: { patch: Size; channels?: number },
  dim: number,
): number => {
  const widths = stemWidths(patch, dim);
  return widths.reduce((sum, width, i) => sum + 9 * (widths[i - 1] ?? channels) * width + 2 * width, 0);
};

/** A patch that halvings do not lead down to, or a width that they do not lead up to. */
export function stemConflict({ patch, dim }: { patch: Size; dim: number }): Conflict | undefined {
  const powers = sides(patch).map(Math.log2);
  const k = Math.max(...powers);
  if (!powers.every(Number.isInteger) || k < 1)
    return {
      key: "patch",
      message: `${sizeInWords(patch)} is no power of two from 2 on, which a stem halves down to`,
    };
  if (dim % 2 ** (k - 1) === 0) return undefined;
  return {
    key: "dim",
    message: `${dim} is no multiple of ${2 ** (k - 1)}, half the patch, as a stem needs`,
  };
}

/** The same where the convolutions are chosen. */
export const chosenStemConflict = (
  options: StemOptions & { patch: Size; dim: number },
): Conflict | undefined => (options.stem === "convolutions" ? stemConflict(options) : undefined);

/**
 * Stem(X): halvings with GELU between them, [b, c, H, W] → [b, d, H / patch, W / patch]. Where a patch is longer than
 * wide, or wider than long, the last of them halve the longer side alone.
 */
export class Stem extends Module {
  private readonly halvings: Halving[] = [];

  constructor(patch: Size, channels: number, dim: number, random: Random) {
    super();
    const widths = stemWidths(patch, dim);
    const [rows, columns] = sides(patch).map(Math.log2) as [number, number];
    widths.forEach((width, i) => {
      const stride = [i < rows ? 2 : 1, i < columns ? 2 : 1] as const;
      const halving = new Halving(widths[i - 1] ?? channels, width, stride, random.at(`${i}`));
      this.halvings.push(this.child(`${i}`, halving, `proj.${2 * i}`));
    });
  }

  protected forward(X: Tensor): Tensor {
    return this.halvings.reduce((Y, halving, i) => halving.apply(i === 0 ? Y : Y.gelu()), X);
  }
}

/** Tokens by a stem: [b, c, H, W] → [b, N, d]. */
export class StemTokens extends Stem {
  protected override forward(X: Tensor): Tensor {
    return super.forward(X).flatten(2).transpose(1, 2);
  }
}

/** What the name and shapes of a stem's tensors tell: each convolution halves, so a patch is a square unless it is `known`. */
export function recogniseStem(tensors: Shapes, known?: Size): Embedded | undefined {
  const halvings = countLayers(tensors, "patch_embed.proj.");
  const kernel = (i: number) => tensors.get(`patch_embed.proj.${2 * i}.0.weight`)?.shape;
  const [channels, dim] = [kernel(0)?.[1], kernel(halvings - 1)?.[0]];
  if (channels === undefined || dim === undefined) return undefined;
  return { dim, channels, patch: known ?? 2 ** halvings, settings: { stem: "convolutions" } };
}

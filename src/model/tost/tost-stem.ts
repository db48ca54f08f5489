/** @file How ToST reads an image: a stem of convolutions, and positions as waves. */

import { type Size, sides, sizeInWords } from "../../base/size.ts";
import { BatchNorm, type Conv2d, conv2d, linearUniform, Module } from "../../nn/index.ts";
import { type Random, type Tensor, tensor } from "../../tensor/index.ts";
import type { Conflict } from "../family.ts";

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
      message: `${sizeInWords(patch)} is no power of two from 2 on, which the stem of a ToST halves down to`,
    };
  if (dim % 2 ** (k - 1) === 0) return undefined;
  return {
    key: "dim",
    message: `${dim} is no multiple of ${2 ** (k - 1)}, half the patch, as the stem of a ToST needs`,
  };
}

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

/** Waves for each direction. */
const WAVES = 32;
const TEMPERATURE = 10_000;

/**
 * Sines and cosines of each place's row, then of its column: [H W, 64], with rows and columns numbered from 1 and the last
 * at 2π.
 */
export function waves(H: number, W: number): Float32Array {
  const made = new Float32Array(H * W * 2 * WAVES);
  const wave = (at: number, last: number, i: number) => {
    const angle = ((at / (last + 1e-6)) * 2 * Math.PI) / TEMPERATURE ** ((2 * Math.floor(i / 2)) / WAVES);
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  };
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++)
      for (let i = 0; i < WAVES; i++) {
        const row = (y * W + x) * 2 * WAVES;
        made[row + i] = wave(y + 1, H, i);
        made[row + WAVES + i] = wave(x + 1, W, i);
      }
  return made;
}

/** FourierPositions(H, W) = waves Wᵀ + b: [H W, d]. */
export class FourierPositions extends Module {
  readonly W: Tensor; //                                                        [d, 64, 1, 1]
  readonly b: Tensor; //                                                        [d]

  constructor(dim: number, random: Random) {
    super();
    const inputs = 2 * WAVES;
    const W = linearUniform([dim, inputs, 1, 1], inputs, random.at("weight"));
    this.W = this.parameter("token_projection.weight", W);
    this.b = this.parameter("token_projection.bias", linearUniform([dim], inputs, random.at("bias")));
  }

  /** @param grid anything whose last two dimensions are H and W */
  protected forward(grid: Tensor): Tensor {
    const [H, W] = [grid.size(-2), grid.size(-1)];
    const all = tensor(waves(H, W), { shape: [H * W, 2 * WAVES], device: this.W.device }).to(this.W.dtype);
    return all.linear(this.W.reshape([this.W.size(0), 2 * WAVES]), this.b); //  [H W, d]
  }
}

/** @file Convolutions over images and their transposes. */

import { native, operator, type Random, run, type Tensor } from "../tensor/index.ts";
import { linearUniform } from "./init.ts";
import { Module } from "./module.ts";

const CONV2D = operator("conv2d");
const CONV_TRANSPOSE2D = operator("conv_transpose2d.input");
const CONTIGUOUS = operator("contiguous");

/** libtorch's number for the memory format [n, H, W, c]. */
const CHANNELS_LAST = 2;

/**
 * Images [n, c, H, W] as a convolution takes them fastest: on a GPU's tensor cores with the channels last in memory, which
 * what follows keeps. Shapes and values stay; weights, and so checkpoints, are as ever.
 */
export const laidOut = (X: Tensor): Tensor =>
  native().channelsLast(X.h) ? run(CONTIGUOUS, X.h, CHANNELS_LAST) : X;

/** Rows and columns; one number stands for both. */
export type Pair = number | readonly [number, number];

/** A pair written out. */
export const pair = (size: Pair): readonly [number, number] =>
  typeof size === "number" ? [size, size] : size;

export interface Conv2dOptions {
  stride?: Pair;
  padding?: Pair;
  groups?: number;
}

/** Conv2d(X) = W ⋆ X + b, cross-correlation: X [n, in, H, W], W [out, in/groups, k, k], b [out]. */
export class Conv2d extends Module {
  readonly W: Tensor;
  readonly b: Tensor | undefined;

  constructor(
    W: Tensor,
    b?: Tensor,
    readonly options: Conv2dOptions = {},
  ) {
    super();
    this.W = this.parameter("weight", W);
    this.b = b && this.parameter("bias", b);
  }

  protected forward(X: Tensor): Tensor {
    const { stride = 1, padding = 0, groups = 1 } = this.options;
    return run(
      CONV2D,
      laidOut(X).h,
      this.W.h,
      this.b?.h ?? null,
      pair(stride),
      pair(padding),
      [1, 1],
      groups,
    );
  }
}

/** The transpose of Conv2d, which enlarges: X [n, in, H, W], W [in, out/groups, k, k], b [out]. */
export class ConvTranspose2d extends Module {
  readonly W: Tensor;
  readonly b: Tensor | undefined;

  constructor(
    W: Tensor,
    b?: Tensor,
    readonly options: Conv2dOptions & { outputPadding?: Pair } = {},
  ) {
    super();
    this.W = this.parameter("weight", W);
    this.b = b && this.parameter("bias", b);
  }

  protected forward(X: Tensor): Tensor {
    const { stride = 1, padding = 0, outputPadding = 0, groups = 1 } = this.options;
    const sizes = [pair(stride), pair(padding), pair(outputPadding)] as const;
    return run(CONV_TRANSPOSE2D, laidOut(X).h, this.W.h, this.b?.h ?? null, ...sizes, groups, [1, 1]);
  }
}

/** Weights and biases as PyTorch starts them: U(±1/√fan_in), where fan_in is what one slice of W sees. */
function start(shape: readonly number[], outputs: number, bias: boolean, random: Random) {
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const W = linearUniform(shape, fanIn, random.at("weight"));
  return { W, b: bias ? linearUniform([outputs], fanIn, random.at("bias")) : undefined };
}

/** A convolution as PyTorch starts it. */
export function conv2d(
  inputs: number,
  outputs: number,
  kernel: Pair,
  random: Random,
  options: Conv2dOptions & { bias?: boolean } = {},
): Conv2d {
  const { bias = true, ...rest } = options;
  const { W, b } = start([outputs, inputs / (options.groups ?? 1), ...pair(kernel)], outputs, bias, random);
  return new Conv2d(W, b, rest);
}

/** A transposed convolution as PyTorch starts it. */
export function convTranspose2d(
  inputs: number,
  outputs: number,
  kernel: Pair,
  random: Random,
  options: Conv2dOptions & { outputPadding?: Pair; bias?: boolean } = {},
): ConvTranspose2d {
  const { bias = true, ...rest } = options;
  const { W, b } = start([inputs, outputs / (options.groups ?? 1), ...pair(kernel)], outputs, bias, random);
  return new ConvTranspose2d(W, b, rest);
}

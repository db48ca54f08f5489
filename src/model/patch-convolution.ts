/** @file Patches by a convolution whose stride is its size. */

import { linear, Module } from "../nn/index.ts";
import { operator, type Random, run, scope, type Tensor } from "../tensor/index.ts";

const CONV2D = operator("conv2d");

/** X [b, c, H, W] → [b, N, d], patches row by row: W [d, c, s, s], b [d]. */
export class PatchConvolution extends Module {
  readonly W: Tensor;
  readonly b: Tensor;

  constructor(W: Tensor, b: Tensor) {
    super();
    this.W = this.parameter("weight", W);
    this.b = this.parameter("bias", b);
  }

  protected forward(X: Tensor): Tensor {
    const stride = [this.W.size(2), this.W.size(3)];
    return run(CONV2D, X.h, this.W.h, this.b.h, stride).flatten(2).transpose(1, 2); // [b, N, d]
  }
}

/** As PyTorch starts convolutions. */
export function patchConvolution(
  patch: number,
  channels: number,
  dim: number,
  random: Random,
): PatchConvolution {
  return scope(() => {
    const flat = linear(patch * patch * channels, dim, random);
    const W = flat.W.detach().reshape([dim, channels, patch, patch]).clone();
    const made = new PatchConvolution(W, flat.b!.detach().clone());
    flat.dispose();
    return made;
  }, "patchConvolution");
}

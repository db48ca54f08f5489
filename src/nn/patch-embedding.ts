/** @file Images to tokens. */

import { operator, type Random, run, type Tensor, UsageError } from "../tensor/index.ts";
import { LayerNorm } from "./layer-norm.ts";
import { type Linear, linear } from "./linear.ts";
import { Module } from "./module.ts";

const CONV2D = operator("conv2d");

/**
 * Cuts images into patches: [b, c, H, W] → [b, N, s²c], patches row by row, inside a patch row, column, channel.
 * @throws {UsageError} when the size is not a multiple of the patch
 */
export function patchify(images: Tensor, patch: number): Tensor {
  const [b, c, H, W] = images.shape as [number, number, number, number];
  if (H % patch !== 0 || W % patch !== 0)
    throw new UsageError(
      `patch embedding: expected an image size divisible by the patch ${patch}, got ${H} × ${W}`,
    );
  return images
    .reshape([b, c, H / patch, patch, W / patch, patch]) //                    [b, c, h, s, w, s]
    .permute([0, 2, 4, 3, 5, 1]) //                                            [b, h, w, s, s, c]
    .reshape([b, (H / patch) * (W / patch), patch * patch * c]); //            [b, N, s²c]
}

/** Patches back to images: [b, N, s²c] → [b, c, H, W], what `patchify` undoes. */
export function unpatchify(patches: Tensor, patch: number, [H, W]: readonly [number, number]): Tensor {
  const [b, , pixels] = patches.shape as [number, number, number];
  const [rows, columns, c] = [H / patch, W / patch, pixels / patch ** 2];
  return patches
    .reshape([b, rows, columns, patch, patch, c]) //                            [b, h, w, s, s, c]
    .permute([0, 5, 1, 3, 2, 4]) //                                            [b, c, h, s, w, s]
    .reshape([b, c, H, W]);
}

/** PatchEmbedding(X) = LN(Linear(LN(patches of X))), CRATE's pre-processing. */
export class PatchEmbedding extends Module {
  readonly norm: LayerNorm;
  readonly linear: Linear;
  readonly out: LayerNorm;

  constructor(
    readonly patch: number,
    channels: number,
    dim: number,
    random: Random,
  ) {
    super();
    const pixels = patch * patch * channels;
    this.norm = this.child("norm", new LayerNorm(pixels), "1");
    this.linear = this.child("linear", linear(pixels, dim, random.at("linear")), "2");
    this.out = this.child("out", new LayerNorm(dim), "3");
  }

  protected forward(X: Tensor): Tensor {
    const patches = patchify(X, this.patch); //                                 [b, N, s²c]
    return this.out.apply(this.linear.apply(this.norm.apply(patches))); //      [b, N, d]
  }
}

/** Patches by a convolution whose stride is its size, without a norm: as timm's transformers begin. */
export class PatchConvolution extends Module {
  readonly W: Tensor; //                                                        [d, c, s, s]
  readonly b: Tensor; //                                                        [d]

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

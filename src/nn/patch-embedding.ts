/** @file Images to tokens. */

import { areaOf, type Size, sides, sizeInWords } from "../base/size.ts";
import { operator, type Random, run, type Tensor, UsageError } from "../tensor/index.ts";
import { laidOut } from "./conv.ts";
import { LayerNorm } from "./layer-norm.ts";
import { type Linear, linear } from "./linear.ts";
import { Module } from "./module.ts";

const CONV2D = operator("conv2d");

/**
 * Cuts images into patches: [b, c, H, W] → [b, N, s²c], patches row by row, inside a patch row, column, channel. Patches of
 * two sides have h w c numbers for s²c.
 * @throws {UsageError} when the size is not a multiple of the patch
 */
export function patchify(images: Tensor, patch: Size): Tensor {
  const [b, c, H, W] = images.shape as [number, number, number, number];
  const [h, w] = sides(patch);
  if (H % h !== 0 || W % w !== 0)
    throw new UsageError(
      `patch embedding: expected an image size divisible by the patch ${sizeInWords(patch)}, got ${H} × ${W}`,
    );
  return images
    .reshape([b, c, H / h, h, W / w, w]) //                                    [b, c, rows, h, columns, w]
    .permute([0, 2, 4, 3, 5, 1]) //                                            [b, rows, columns, h, w, c]
    .reshape([b, (H / h) * (W / w), h * w * c]); //                            [b, N, s²c]
}

/** Patches back to images: [b, N, s²c] → [b, c, H, W], what `patchify` undoes. */
export function unpatchify(patches: Tensor, patch: Size, [H, W]: readonly [number, number]): Tensor {
  const [b, , numbers] = patches.shape as [number, number, number];
  const [h, w] = sides(patch);
  return patches
    .reshape([b, H / h, W / w, h, w, numbers / (h * w)]) //                     [b, rows, columns, h, w, c]
    .permute([0, 5, 1, 3, 2, 4]) //                                            [b, c, rows, h, columns, w]
    .reshape([b, numbers / (h * w), H, W]);
}

/** PatchEmbedding(X) = LN(Linear(LN(patches of X))), CRATE's pre-processing. */
export class PatchEmbedding extends Module {
  readonly norm: LayerNorm;
  readonly linear: Linear;
  readonly out: LayerNorm;

  constructor(
    readonly patch: Size,
    channels: number,
    dim: number,
    random: Random,
  ) {
    super();
    const numbers = areaOf(patch) * channels;
    this.norm = this.child("norm", new LayerNorm(numbers), "1");
    this.linear = this.child("linear", linear(numbers, dim, random.at("linear")), "2");
    this.out = this.child("out", new LayerNorm(dim), "3");
  }

  protected forward(X: Tensor): Tensor {
    const patches = patchify(X, this.patch); //                                 [b, N, s²c]
    return this.out.apply(this.linear.apply(this.norm.apply(patches))); //      [b, N, d]
  }
}

/** Patches by a convolution whose stride is its size, without a norm: as timm's transformers begin. */
export class PatchConvolution extends Module {
  readonly W: Tensor; //                                                        [d, c, h, w]
  readonly b: Tensor | undefined; //                                            [d]

  constructor(W: Tensor, b?: Tensor) {
    super();
    this.W = this.parameter("weight", W);
    this.b = b && this.parameter("bias", b);
  }

  protected forward(X: Tensor): Tensor {
    const stride = [this.W.size(2), this.W.size(3)];
    return run(CONV2D, laidOut(X).h, this.W.h, this.b?.h ?? null, stride)
      .flatten(2)
      .transpose(1, 2); // [b, N, d]
  }
}

/** @file Images to tokens. */

import { type Random, type Tensor, UsageError } from "../tensor/index.ts";
import { LayerNorm } from "./layer-norm.ts";
import { type Linear, linear } from "./linear.ts";
import { Module } from "./module.ts";

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

/** @file Masked patches: which are removed, what is to be predicted there, how far a prediction is off. */

import type { Size } from "../../base/size.ts";
import { patchify } from "../../nn/index.ts";
import { noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/**
 * The patches that noise removes: of each image the ⌊N (1 − ratio)⌋ of least noise are kept.
 *
 * @param noise [b, N]
 * @param ratio share that is removed, above 0 and below 1
 * @returns [b, N] float32, 1 where a patch is removed
 * @throws {UsageError} a ratio out of range, or one that keeps no patch or all of them
 */
export function randomMask(noise: Tensor, ratio: number): Tensor {
  const N = noise.size(1);
  const kept = Math.floor(N * (1 - ratio));
  if (!(ratio > 0 && ratio < 1))
    throw new UsageError(`mask ratio: expected above 0 and below 1, got ${ratio}`);
  if (kept < 1 || kept === N)
    throw new UsageError(
      `mask ratio: ${ratio} keeps ${kept} of ${N} patches; expected some to be kept, not all`,
    );
  return noGrad(() =>
    scope(() => {
      const [, order] = noise.sort(1);
      const [, rank] = order.sort(1);
      return rank.ge(kept).to("float32");
    }, "mask"),
  );
}

/** What is predicted of an image: its patches [b, N, s²c], with `normalised` each with mean 0 and deviation 1. */
export function maskedTarget(images: Tensor, patch: Size, normalised = false): Tensor {
  const patches = patchify(images, patch);
  if (!normalised) return patches;
  const deviation = patches.var(-1, 1, true).add(1e-6).sqrt();
  return patches.sub(patches.mean(-1, true)).div(deviation);
}

/** Mean squared error on the removed patches: prediction and target [b, N, s²c], mask [b, N] → []. */
export function maskedError(prediction: Tensor, target: Tensor, mask: Tensor): Tensor {
  const errors = prediction.to(target.dtype).sub(target).square().mean(-1); //  [b, N]
  return errors.mul(mask).sum().div(mask.sum());
}

/** The visible patches' mean of each channel, put everywhere: what a prediction must beat. [b, N, s²c] → the same. */
export function meanFill(target: Tensor, mask: Tensor, channels: number): Tensor {
  const [b, N, pixels] = target.shape as [number, number, number];
  const visible = mask.neg().add(1).reshape([b, N, 1, 1]); //                   1 where a patch is kept
  const byChannel = target.reshape([b, N, pixels / channels, channels]);
  const count = visible.sum(1, true).mul(pixels / channels);
  const mean = byChannel.mul(visible).sum([1, 2], true).div(count); //          [b, 1, 1, c]
  return mean.expand([b, N, pixels / channels, channels]).reshape([b, N, pixels]);
}

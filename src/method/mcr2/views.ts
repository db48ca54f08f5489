/** @file Self-supervised MCR²: the views of one image are one class. */

import { arange, cat, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** A batch whose classes are its images. */
export interface Views {
  /** View by view: [views · b, c, h, w], float32 */
  images: Tensor;
  /** Number of the image within the batch: int64 [views · b] */
  labels: Tensor;
}

/**
 * Views of a batch: the images as they are, then `views − 1` augmented copies. The authors take 50 views of 20 images and
 * train with γ₁ = 20, γ₂ = 0.05.
 *
 * @param images [b, c, h, w]
 * @param augment a copy of the batch, each image changed at random; the same size
 * @throws {UsageError} fewer than 2 views
 * @example const { images, labels } = viewsOf(batch, 50, augment, random); mcr2Loss(net.apply(images), labels, b, …);
 */
export function viewsOf(
  images: Tensor,
  views: number,
  augment: (images: Tensor, random: Random) => Tensor,
  random: Random,
): Views {
  if (!(Number.isInteger(views) && views >= 2))
    throw new UsageError(`views: expected a whole number from 2 on, got ${views}`);
  return scope(() => {
    const b = images.size(0);
    const copies = [images.to("float32")];
    for (let v = 1; v < views; v++) copies.push(augment(images, random.at(`view.${v}`)));
    const labels = arange(b, { device: images.device }).unsqueeze(0).expand([views, b]).reshape([-1]);
    return { images: cat(copies), labels };
  }, "views");
}

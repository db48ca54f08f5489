/** @file Gaussian blur of batches [b, c, h, w], with a width for each image. */
import { arange, aten, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/**
 * Blurs each image by a Gaussian of its own width, cut off at `kernel` pixels and brought to sum 1; the border is
 * mirrored.
 *
 * @param images float [b, c, h, w], larger than half the kernel
 * @param sigma widths in pixels, [b]
 * @param kernel odd
 */
export function gaussianBlur(images: Tensor, sigma: Tensor, kernel: number): Tensor {
  const half = (kernel - 1) / 2;
  if (images.dim !== 4 || !images.dtype.startsWith("float"))
    throw new UsageError(`blur: expected float images [b, c, h, w], got ${images.describe()}`);
  const [b, c, h, w] = images.shape as [number, number, number, number];
  if (!(Number.isInteger(half) && half >= 0 && half < Math.min(h, w)))
    throw new UsageError(
      `blur: expected an odd kernel below twice the ${Math.min(h, w)} pixels of the image, got ${kernel}`,
    );
  return scope(() => {
    const offsets = arange(half + 1, { start: -half, dtype: "float32", device: images.device });
    const weights = offsets
      .div(sigma.reshape([b, 1]))
      .square()
      .mul(-0.5)
      .softmax(1); //  [b, kernel]
    const rows = weights
      .unsqueeze(1)
      .expand([b, c, kernel])
      .reshape([b * c, 1, 1, kernel]);
    const flat = images.reshape([1, b * c, h, w]);
    const padded = aten("reflection_pad2d", flat, [half, half, half, half]);
    const convolve = (x: Tensor, by: Tensor) => aten("conv2d", x, by, null, [1, 1], [0, 0], [1, 1], b * c);
    return convolve(convolve(padded, rows), rows.T).reshape([b, c, h, w]);
  }, "blur");
}

/** Blurs each image with probability `p`, by a width uniform in `sigma`. */
export function randomBlur(
  images: Tensor,
  kernel: number,
  random: Random,
  { p = 0.5, sigma = [0.1, 2] }: { p?: number; sigma?: readonly [number, number] } = {},
): Tensor {
  return scope(() => {
    const { device } = images;
    const b = images.size(0);
    const widths = random.at("sigma").uniform([b], ...sigma, { device });
    const chosen = random.at("apply").uniform([b, 1, 1, 1], 0, 1, { device }).lt(p);
    return gaussianBlur(images, widths, kernel).where(chosen, images);
  }, "random blur");
}

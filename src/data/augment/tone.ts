/**
 * @file Changes of tone on batches of images [b, c, h, w], floats that are whole numbers of 0 to 255. Formulas and rounding
 * are torchvision's for bytes.
 */
import { aten, cat, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";

const floor = (x: Tensor): Tensor => aten("floor", x);

/** factor · x + (1 − factor) · other, cut off to a byte; a factor for each image. */
const blend = (x: Tensor, other: Tensor, factors: readonly number[]): Tensor => {
  // both rounded once: 1 − (factor in single precision) is another number
  const [f, rest] = [factors, factors.map((factor) => 1 - factor)].map((values) =>
    tensor(Float32Array.from(values), { device: x.device }).reshape([-1, 1, 1, 1]),
  ) as [Tensor, Tensor];
  return floor(x.mul(f).add(other.mul(rest)).clamp(0, 255));
};

/** Luma in bytes, [b, 1, h, w]. */
function grey(x: Tensor): Tensor {
  if (x.size(1) === 1) return x;
  const weights = tensor([0.2989, 0.587, 0.114], { device: x.device }).reshape([1, 3, 1, 1]);
  return floor(x.mul(weights).sum([1], true));
}

export const brighten = (x: Tensor, factors: readonly number[]): Tensor =>
  scope(() => blend(x, x.mul(0), factors), "brighten");
export const saturate = (x: Tensor, factors: readonly number[]): Tensor =>
  scope(() => blend(x, grey(x), factors), "saturate");
export const contrast = (x: Tensor, factors: readonly number[]): Tensor =>
  scope(() => blend(x, grey(x).mean([1, 2, 3], true), factors), "contrast");

/** Towards (factor below 1) or away from the mean of 3 × 3 pixels, the middle one counted five times; borders stay. */
export function sharpen(x: Tensor, factors: readonly number[]): Tensor {
  const [, c, h, w] = x.shape as [number, number, number, number];
  if (h <= 2 || w <= 2) return x.clone();
  return scope(() => {
    const kernel = tensor([1, 1, 1, 1, 5, 1, 1, 1, 1], { device: x.device }).div(13);
    const weights = kernel.reshape([1, 1, 3, 3]).expand([c, 1, 3, 3]);
    const inner = aten<Tensor>("round", aten("conv2d", x, weights, null, [1, 1], [0, 0], [1, 1], c));
    const rows = cat(
      [x.narrow(2, 1, h - 2).narrow(3, 0, 1), inner, x.narrow(2, 1, h - 2).narrow(3, w - 1, 1)],
      3,
    );
    const smooth = cat([x.narrow(2, 0, 1), rows, x.narrow(2, h - 1, 1)], 2);
    return blend(x, smooth, factors);
  }, "sharpen");
}

/** Keeps the highest bits of each byte. */
export const posterise = (x: Tensor, bits: number): Tensor =>
  scope(() => floor(x.div(2 ** (8 - bits))).mul(2 ** (8 - bits)), "posterise");

/** Turns bytes from `threshold` on around: x ≥ t to 255 − x. */
export const solarise = (x: Tensor, threshold: number): Tensor =>
  scope(() => x.neg().add(255).where(x.ge(threshold), x), "solarise");

/** Stretches each channel of each image to 0 … 255; a channel of one value stays. */
export const autoContrast = (x: Tensor): Tensor =>
  scope(() => {
    const [least, most] = [x.min([2, 3], true), x.max([2, 3], true)];
    const range = most.sub(least);
    const stretched = x.sub(least).mul(range.clamp(1e-6).reciprocal().mul(255));
    return floor(stretched.clamp(0, 255)).where(range.gt(0), x);
  }, "auto contrast");

/** Spreads the values of each channel of each image so that all are about as frequent. */
export const equalise = (x: Tensor): Tensor =>
  scope(() => {
    const [b, c, h, w] = x.shape as [number, number, number, number];
    const bytes = x.reshape([b * c, h * w]).to("int64");
    const wide = { dtype: "float64", device: x.device } as const;
    const ones = bytes.mul(0).add(1).to("float64");
    const counts = aten<Tensor>("scatter_add", zeros([b * c, 256], wide), 1, bytes, ones);
    const ofLargest = counts.gather(1, bytes.max([1], true));
    const step = floor(
      ofLargest
        .neg()
        .add(h * w)
        .div(255),
    ); //                  [bc, 1]
    const sums = floor(
      counts
        .cumsum(1)
        .add(floor(step.div(2)))
        .div(step.clamp(1)),
    );
    const table = cat([sums.narrow(1, 0, 1).mul(0), sums.narrow(1, 0, 255)], 1).clamp(0, 255);
    return table.gather(1, bytes).where(step.gt(0), bytes.to("float64")).to(x.dtype).reshape([b, c, h, w]);
  }, "equalise");

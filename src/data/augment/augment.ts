/**
 * @file Augmentation of whole batches on tensors [b, c, h, w]. All randomness comes from the stream that is passed in;
 * the distributions are torchvision's.
 */
import { UsageError } from "../../base/errors.ts";
import { type Size, sides } from "../../base/size.ts";
import { arange, aten, cat, type Random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import type { Normalisation } from "../sets/normalise.ts";
import { beta } from "./beta.ts";
import { ASPECTS, type Box, eraseBox, randomBox } from "./box.ts";

/**
 * (value / 255 − mean) / std per channel: bytes (or floats of 0 to 255) to float32.
 * @param mirrored bool [b, 1, 1, 1]: which images are mirrored as well
 */
export function normalise(images: Tensor, { mean, std }: Normalisation, mirrored?: Tensor): Tensor {
  const channels = images.size(1);
  if (mean.length !== channels || std.length !== channels)
    throw new UsageError(
      `normalise: expected mean and std of ${channels} channels, got ${mean.length}, ${std.length}`,
    );
  return scope(() => {
    const { device, dtype } = images;
    const constants = [mean, std].map((values) =>
      tensor(
        Float32Array.from(values, (v) => v * 255),
        { shape: [1, channels, 1, 1], device },
      ),
    );
    if (dtype === "uint8" && device === "cpu" && images.dim === 4)
      return aten(
        "vitrine::normalised_bytes",
        images,
        ...constants,
        mirrored ?? zeros([images.size(0)], { dtype: "bool" }),
      );
    const [m, s] = constants as [Tensor, Tensor];
    return (mirrored ? mirror(images, mirrored) : images).to("float32").sub(m).div(s);
  });
}

/** Pads with `padding` black pixels on every side and cuts out the old size at a random place, one per image. */
export function randomCrop(images: Tensor, padding: number, random: Random): Tensor {
  const [b, , h, w] = sizes(images);
  return scope(() => {
    const { device } = images;
    const offset = (name: string) => random.at(name).integers([b], 0, 2 * padding + 1, { device });
    const padded = images.pad([padding, padding, padding, padding]);
    const rows = offset("top")
      .reshape([b, 1, 1, 1])
      .add(arange(h, { device }).reshape([1, 1, h, 1]));
    const columns = offset("left")
      .reshape([b, 1, 1, 1])
      .add(arange(w, { device }).reshape([1, 1, 1, w]));
    const image = arange(b, { device }).reshape([b, 1, 1, 1]);
    const channel = arange(images.size(1), { device }).reshape([1, -1, 1, 1]);
    return padded.index([image, channel, rows, columns]);
  });
}

/** Mirrors each image with probability `p`. */
export const randomFlip = (images: Tensor, random: Random, p = 0.5): Tensor =>
  scope(() => mirror(images, drawMirrored(images, random, p)));

/** Which of the images are mirrored, each with probability `p`: bool [b, 1, 1, 1]. */
export const drawMirrored = (images: Tensor, random: Random, p = 0.5): Tensor =>
  scope(() => random.uniform([images.size(0), 1, 1, 1], 0, 1, { device: images.device }).lt(p));

/** Mirrors those images. */
export const mirror = (images: Tensor, mirrored: Tensor): Tensor =>
  scope(() => images.flip([3]).where(mirrored, images));

/** A random rectangle of each image at a size, as torchvision's RandomResizedCrop: float32 [b, c, height, width]. */
export function randomResizedCrop(
  images: Tensor,
  scale: readonly [number, number],
  size: Size,
  random: Random,
  ratio: readonly [number, number] = ASPECTS,
): Tensor {
  const [b, , h, w] = sizes(images);
  return cropTo(
    images,
    random.each(b, (each) => randomBox(h, w, scale, ratio, each)),
    size,
  );
}

/** Each image's box at a size, bilinear with anti-aliasing when it shrinks: float32. Pixels outside count for nothing. */
export function cropTo(images: Tensor, boxes: readonly Box[], size: Size): Tensor {
  const crop = ({ top, left, height, width }: Box, i: number): Tensor =>
    resize(images.narrow(0, i, 1).narrow(2, top, height).narrow(3, left, width), size);
  return scope(() => cat(boxes.map(crop)));
}

/** Whole images to a size, bilinear, with anti-aliasing when they shrink: float32. */
export function resize(images: Tensor, size: Size): Tensor {
  return scope(() =>
    aten("_upsample_bilinear2d_aa", images.to("float32"), [...sides(size)], false, null, null),
  );
}

/** Images mixed in pairs: the loss is λ · loss(labels) + (1 − λ) · loss(other). */
export interface Mixed {
  /** λ x + (1 − λ) x′ */
  images: Tensor;
  /** Labels of x′, int64 [b]. */
  other: Tensor;
  /** λ of Beta(α, α), one for the batch. */
  lambda: number;
}

/** Which image each is mixed with, and how. */
export interface Pairs {
  /** λ of Beta(α, α), one for the batch. */
  lambda: number;
  /** Place of x′ in the batch, for each place. */
  order: Int32Array;
}

/** Draws the pairs of a batch of `b` images (Zhang et al. 2018). */
export function drawPairs(b: number, alpha: number, random: Random): Pairs {
  const lambda = beta(alpha, random.at("lambda"));
  using order = random.at("pairs").permutation(b);
  return { lambda, order: Int32Array.from(order.numbers()) };
}

/** Mixes each image with another of the batch. Images float [b, c, h, w], labels int64 [b]. */
export const mixup = (images: Tensor, labels: Tensor, alpha: number, random: Random): Mixed =>
  mix(images, labels, drawPairs(images.size(0), alpha, random));

/**
 * Mixes images in pairs that were drawn.
 * @param images float [n, c, h, w], of which the first are mixed: as many as `order` has places
 * @param labels int64 [n]
 */
export function mix(images: Tensor, labels: Tensor, { lambda, order }: Pairs): Mixed {
  return scope(() => {
    const others = tensor(BigInt64Array.from(order, BigInt), { device: images.device });
    const first = images.narrow(0, 0, order.length);
    const mixed = first.mul(lambda).add(images.indexSelect(0, others).mul(1 - lambda));
    return { images: mixed, other: labels.indexSelect(0, others), lambda };
  });
}

/**
 * Sets a random rectangle of each image to 0 with probability `p`, of 2 to 33 % of its area with an aspect of 0.3 to
 * 3.3 (torchvision's RandomErasing). Meant for normalised images, where 0 is the mean.
 */
export function randomErase(images: Tensor, p: number, random: Random): Tensor {
  const [b, , h, w] = sizes(images);
  const boxes = random.each(b, (each) => (each.number() < p ? eraseBox(h, w, each) : undefined));
  return scope(() => {
    const { device } = images;
    const edge = (of: (box: Box) => number) =>
      tensor(
        Float32Array.from(boxes, (box) => (box === undefined ? 0 : of(box))),
        { shape: [b, 1, 1, 1], device },
      );
    const rows = arange(h, { device }).reshape([1, 1, h, 1]);
    const columns = arange(w, { device }).reshape([1, 1, 1, w]);
    const between = (at: Tensor, low: Tensor, high: Tensor) => at.ge(low).and(at.lt(high));
    const inside = between(
      rows,
      edge((box) => box.top),
      edge((box) => box.top + box.height),
    ).and(
      between(
        columns,
        edge((box) => box.left),
        edge((box) => box.left + box.width),
      ),
    );
    return zeros([1], { device }).where(inside, images);
  });
}

function sizes(images: Tensor): [b: number, c: number, h: number, w: number] {
  if (images.dim !== 4) throw new UsageError(`expected images [b, c, h, w], got ${images.describe()}`);
  return images.shape as unknown as [number, number, number, number];
}

/** @file Random boxes of a batch's images that are cut as they are decoded. */

import { areaOf, sides } from "../base/size.ts";
import { aten, type Tensor, tensor } from "../tensor/index.ts";
import { normalise } from "./augment/augment.ts";
import type { Crops, RandomCrops } from "./augment/box.ts";
import { augmentation, type Part } from "./batch-part.ts";
import type { BatchOptions } from "./batches.ts";
import type { ImageSource } from "./sets/image-set.ts";

/** What is cut of each image: views, or one crop. Nothing where the source has whole images, of which crops are made later. */
export function cropsOf(source: ImageSource, options: BatchOptions): readonly Crops[] | undefined {
  if (source.loadCrops === undefined) return undefined;
  const scale = options.augment?.resizedCrop;
  return options.views ?? (scale && [{ count: 1, size: sizeOf(source, options), scale }]);
}

/** A stream for each image of a batch, by its place. */
export function drawnBy({ rows, number }: Part, kinds: readonly Crops[], options: BatchOptions): RandomCrops {
  const root = augmentation(options, number).at("resizedCrop");
  return { kinds, seeds: BigUint64Array.from(rows, (row) => root.at(`image.${row}`).seed) };
}

/** Height and width of the images given out. */
export const sizeOf = (
  { height, width }: ImageSource,
  { imageSize }: BatchOptions,
): readonly [number, number] => sides(imageSize ?? [height, width]);

/** Of each kind float32 [count · b, c, h, w] in [0, 1], all images' first boxes before their second ones. */
export function viewsOf(
  bytes: Uint8Array,
  b: number,
  channels: number,
  kinds: readonly Crops[],
  device: string,
): Tensor[] {
  const all = placed(bytes, [b, bytes.length / b], device);
  const plain = { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  let from = 0;
  return kinds.map(({ count, size }) => {
    const length = channels * count * areaOf(size);
    const boxes = all.narrow(1, from, length).reshape([b, count, channels, ...sides(size)]);
    from += length;
    return normalise(boxes.transpose(0, 1).reshape([count * b, channels, ...sides(size)]), plain);
  });
}

/** Bytes on a device; to a GPU from pinned memory, so that nobody waits for the copy. */
export function placed(bytes: Uint8Array, shape: readonly number[], device: string): Tensor {
  const here = tensor(bytes, { shape, share: true });
  if (!device.startsWith("cuda")) return here.to(device);
  return aten("to.device", aten<Tensor>("pin_memory", here), device, "uint8", true);
}

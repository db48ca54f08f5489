/** @file The images of a batch, from bytes or the device's memory, changed at random and normalised. */

import { sameSize } from "../base/size.ts";
import type { Tensor } from "../tensor/index.ts";
import { drawMirrored, mirror, normalise, randomCrop, randomResizedCrop, resize } from "./augment/augment.ts";
import { randAugment } from "./augment/rand-augment.ts";
import { cropsOf, placed, sizeOf } from "./batch-crops.ts";
import { augmentation, type Part, wholes } from "./batch-part.ts";
import type { BatchOptions } from "./batches.ts";
import type { ImageSource } from "./sets/image-set.ts";
import { rowsIn } from "./share.ts";

/** float32 [rows, c, height, width]: all that `augment` says but mixing and erasing. */
export function changedImages(
  source: ImageSource,
  bytes: Uint8Array,
  { number, indices: all, rows }: Part,
  options: BatchOptions,
): Tensor {
  const { augment = {}, device = "cpu" } = options;
  const { channels } = source;
  const size = sizeOf(source, options);
  const isCut = cropsOf(source, options) !== undefined;
  const given = isCut ? size : ([source.height, source.width] as const);
  const constants = options.normalise ?? { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  const random = () => augmentation(options, number).of(rowsIn(all.length, rows));
  let images =
    source.resident === undefined
      ? placed(bytes, [rows.length, channels, ...given], device)
      : source.resident.indexSelect(
          0,
          wholes(rows, (row) => all[row]!, device),
        );
  if (augment.crop) images = randomCrop(images, augment.crop, random().at("crop"));
  const resizedCrop = isCut ? undefined : augment.resizedCrop;
  let mirrored = augment.flip ? drawMirrored(images, random().at("flip")) : undefined;
  if (mirrored && (!sameSize(size, given) || resizedCrop || augment.randAugment)) {
    images = mirror(images, mirrored);
    mirrored = undefined; // else with the normalisation, in one pass
  }
  if (resizedCrop) images = randomResizedCrop(images, resizedCrop, size, random().at("resizedCrop"));
  else if (!sameSize(size, given)) images = resize(images, size);
  if (augment.randAugment) {
    const [count, magnitude] = augment.randAugment;
    images = randAugment(images, { count, magnitude }, random().at("randAugment"));
  }
  return normalise(images, constants, mirrored);
}

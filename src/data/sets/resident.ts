/** @file Decoded images that lie on the device: a batch is an index, and nothing but its places crosses. */

import { UsageError } from "../../base/errors.ts";
import { keep, scope, type Tensor, tensor } from "../../tensor/index.ts";
import type { ImageSource } from "./image-set.ts";

/** Bytes of images that `auto` leaves on a GPU: MNIST has 47 MB, CIFAR 154 MB. */
const MOST = 2 ** 30;

export const bytesOf = ({ count, channels, height, width }: ImageSource): number =>
  count * channels * height * width;

/**
 * Whether a source's images are kept on the device: always, never, or with `auto` on a GPU, up to 1 GiB.
 * @throws {UsageError} always, of images that are cut out of files as they are needed
 */
export function isResident(
  source: ImageSource,
  wanted: "auto" | "always" | "never",
  device: string,
): boolean {
  const decoded = source.loadCrops === undefined;
  if (wanted === "always" && !decoded)
    throw new UsageError(
      `data.resident: expected auto or never for ${source.name}, whose images are decoded from files, got always`,
      { path: "data.resident" },
    );
  return wanted === "always" || (wanted === "auto" && decoded && device !== "cpu" && bytesOf(source) <= MOST);
}

/** A source whose batches are taken from the device; `images` is the caller's to free. */
export interface ResidentSource {
  source: ImageSource;
  /** uint8 [count, channels, height, width] */
  images: Tensor;
}

/** The same source with all its images on a device. @throws {DataError} one cannot be read */
export async function residentSource(source: ImageSource, device: string): Promise<ResidentSource> {
  const { count, channels, height, width } = source;
  const bytes = await source.load(Array.from({ length: count }, (_, i) => i));
  const shape = [count, channels, height, width];
  const images = scope(() => keep(tensor(bytes, { shape, device, share: true })), "resident images");
  return { source: Object.create(source, { resident: { value: images } }) as ImageSource, images };
}

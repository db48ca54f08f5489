/** @file Images of a run's data, in the size that its network takes. */

import type { Size } from "../../base/size.ts";
import { batches, type ImageSource, sourceSubset } from "../../data/index.ts";
import { openSplit } from "../../method/build.ts";
import { scope, type Tensor, UsageError } from "../../tensor/index.ts";
import type { SamplesAnswer } from "../shapes.ts";
import { toPixels } from "./pixels.ts";

interface OfImages {
  data: { name: string; dir?: string; workers: number; validation?: number };
  model: { imageSize?: Size; channels?: number };
  seed: number;
}

let last: { key: string; source: ImageSource } | undefined;

/**
 * A split of a run's images. It belongs to this file: the next one that is opened closes it.
 * @throws {DataError} it is not there or damaged
 */
export async function heldSplit(recipe: object, split: "train" | "test"): Promise<ImageSource> {
  const { data, model, seed } = recipe as OfImages;
  const key = JSON.stringify([
    data.name,
    data.dir,
    data.validation,
    seed,
    split,
    model.imageSize,
    model.channels,
  ]);
  if (last?.key === key) return last.source;
  await last?.source.close();
  last = undefined;
  // images of a page are few: threads that decode them would take longer to start
  const source = await openSplit({ model, seed, data: { ...data, workers: 0 } }, split);
  last = { key, source };
  return source;
}

/**
 * Images by their places, pixels in 0 … 1, given to `body` as [n, c, h, w].
 * @throws {UsageError} a place that the split has not
 */
export async function withImagesAt<T>(
  source: ImageSource,
  places: readonly number[],
  imageSize: Size | undefined,
  body: (images: Tensor) => T,
): Promise<T> {
  const wrong = places.find((place) => !(place >= 0 && place < source.count));
  if (wrong !== undefined || places.length === 0)
    throw new UsageError(`index: expected 0 to ${source.count - 1}, got ${wrong ?? "none"}`);
  const some = sourceSubset(source, Int32Array.from(places));
  const options = { batchSize: places.length, ...(imageSize !== undefined && { imageSize }) };
  for await (const { images } of batches(some, options)) return scope(() => body(images));
  throw new UsageError(`${source.name}: expected images, got none`);
}

/** `SamplesAnswer` of `count` images from a place on; fewer at the end. */
export async function samplesFrom(
  recipe: object,
  { split, from, count }: { split: "train" | "test"; from: number; count: number },
): Promise<SamplesAnswer> {
  const source = await heldSplit(recipe, split);
  const { count: total, classes, labels } = source;
  const places = Array.from({ length: Math.max(0, Math.min(count, total - from)) }, (_, i) => from + i);
  const about = { split, total, classes: [...classes] };
  if (places.length === 0) return { ...about, items: [] };
  const { imageSize } = (recipe as OfImages).model;
  const pixels = await withImagesAt(source, places, imageSize, (images) => images.unbind(0).map(toPixels));
  return {
    ...about,
    items: places.map((index, i) => ({ index, label: labels[index]!, pixels: pixels[i]! })),
  };
}

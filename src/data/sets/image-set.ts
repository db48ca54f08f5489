/** @file A set of labelled images in memory, and the source of images that batches are drawn from. */
import { DataError, UsageError } from "../../base/errors.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import type { RandomCrops } from "../augment/box.ts";
import { imagesFingerprint, subsetFingerprint } from "./fingerprint.ts";

/** What an image set and an image folder have in common. */
export interface ImageInfo {
  readonly name: string;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** One label per image, 0 ≤ label < classes.length. */
  readonly labels: Int32Array;
}

/** Labelled images, all in memory. */
export interface ImageSet extends ImageInfo {
  /** Bytes [count, channels, height, width], 0 black to 255 white. */
  readonly images: Uint8Array;
}

/** Labelled images that are fetched when they are asked for: from memory, or decoded from files. */
export interface ImageSource extends ImageInfo {
  /**
   * The images at `indices`, bytes [indices.length, channels, height, width].
   * Calls may overlap: ask for the next batch before using this one, and it is decoded meanwhile.
   * @throws DataError when an image cannot be read
   */
  load(indices: ArrayLike<number>): Promise<Uint8Array> | Uint8Array;
  /**
   * Random boxes of each of the images at `indices`, cut from the whole image as it lies on disk: of each image bytes
   * [count, channels, height, width], kind after kind. Not there where all images have one size and are whole.
   */
  loadCrops?(indices: ArrayLike<number>, crops: RandomCrops): Promise<Uint8Array>;
  /** All images on the device that batches are made on, uint8 [count, channels, height, width]: taken there, not loaded. */
  readonly resident?: Tensor;
  /** The order of an epoch, where images are not to be read in any order; a permutation from the seed and the epoch alone. */
  order?(epoch: number, random: Random): Int32Array;
  /** Images that could not be read and whose pixels are black: batches leave them out. Not there where such an image ends the run. */
  readonly damaged?: ReadonlySet<number> | undefined;
  /** A hash of all that is learned from, of a sample above 1 GiB: differs when the data changed between runs. */
  fingerprint(): string;
  /** Ends worker threads, if there are any. */
  close(): Promise<void>;
}

/**
 * Checks the sizes and every label, and returns the set itself.
 * @throws DataError that names the set, what was expected and what was found
 */
export function checkImageSet<S extends ImageSet>(set: S): S {
  const { name, count, channels, height, width } = set;
  for (const [key, value] of Object.entries({ count, channels, height, width })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new DataError(`${name}: ${key} is ${value}, expected a positive integer`);
  }
  const bytes = count * channels * height * width;
  if (set.images.length !== bytes) {
    const shape = `[${count}, ${channels}, ${height}, ${width}]`;
    throw new DataError(`${name}: images have ${set.images.length} bytes, expected ${bytes} for ${shape}`);
  }
  if (set.labels.length !== count)
    throw new DataError(`${name}: ${set.labels.length} labels for ${count} images`);
  checkLabels(name, set.labels, set.classes.length);
  return set;
}

/** @throws DataError naming the first label that is not in 0 … classes − 1 */
export function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw new DataError(
        `${name}: label out of range: image ${i} has ${label}, expected 0 to ${classes - 1}`,
      );
  }
}

/**
 * The images at `indices`, in that order (an index may repeat), as a set of its own.
 * @throws UsageError for an index outside the set
 */
export function subset(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  const labels = new Int32Array(indices.length);
  const images = gather(set, indices);
  for (let i = 0; i < indices.length; i++) labels[i] = set.labels[indices[i]!]!;
  return { ...set, count: indices.length, images, labels };
}

/**
 * The chosen images of a source, in that order; closing it closes the source. Where the source has an order of its own and
 * no image is chosen twice, an epoch's order is that one without the others.
 */
export function sourceSubset(source: ImageSource, indices: ArrayLike<number>): ImageSource {
  const at = Int32Array.from(indices);
  return {
    ...{ name: source.name, channels: source.channels, height: source.height, width: source.width },
    ...{ classes: source.classes, count: at.length, labels: at.map((i) => source.labels[i]!) },
    get damaged() {
      const { damaged } = source;
      return damaged && new Set(damaged.size > 0 ? [...at.keys()].filter((i) => damaged.has(at[i]!)) : []);
    },
    load: (wanted) => source.load(Int32Array.from(wanted, (i) => at[i]!)),
    ...(source.loadCrops && {
      loadCrops: (wanted, crops) =>
        source.loadCrops!(
          Int32Array.from(wanted, (i) => at[i]!),
          crops,
        ),
    }),
    ...(source.order && new Set(at).size === at.length && { order: orderWithin(source, at) }),
    fingerprint: () => subsetFingerprint(source, at),
    close: () => source.close(),
  };
}

/** The source's order of an epoch, of the images at `at` alone, by their place in it. */
function orderWithin(source: ImageSource, at: Int32Array): NonNullable<ImageSource["order"]> {
  const placeOf = new Int32Array(source.count).fill(-1);
  for (const [place, index] of at.entries()) placeOf[index] = place;
  return (epoch, random) =>
    source.order!(epoch, random)
      .map((index) => placeOf[index]!)
      .filter((place) => place >= 0);
}

/** The first images of a source, at most `count`. */
export const firstImages = (source: ImageSource, count: number): ImageSource =>
  sourceSubset(
    source,
    Int32Array.from({ length: Math.min(count, source.count) }, (_, i) => i),
  );

/** All images of a source in memory, but those that it skips. @throws DataError when they need more than 4 GB, or one cannot be read */
export async function imageSetOf(source: ImageSource): Promise<ImageSet> {
  const { name, count, channels, height, width, classes, labels } = source;
  const bytes = count * channels * height * width;
  if (bytes > 4e9)
    throw new DataError(`${name}: ${count} images need ${(bytes / 1e9).toFixed(1)} GB; open it as a source`);
  const images = await source.load(Array.from({ length: count }, (_, i) => i));
  const set = checkImageSet({ name, count, channels, height, width, classes, labels, images });
  const { damaged } = source;
  return damaged?.size
    ? subset(
        set,
        [...labels.keys()].filter((i) => !damaged.has(i)),
      )
    : set;
}

/** An image set as a source. A source is returned as it is. */
export function imageSource(data: ImageSet | ImageSource): ImageSource {
  if ("load" in data) return data;
  const { name, count, channels, height, width, classes, labels } = data;
  return {
    ...{ name, count, channels, height, width, classes, labels },
    load: (indices) => gather(data, indices),
    fingerprint: () => imagesFingerprint(data),
    close: async () => {},
  };
}

function gather(set: ImageSet, indices: ArrayLike<number>): Uint8Array {
  const size = set.channels * set.height * set.width;
  const out = new Uint8Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const at = checkIndex(set, indices[i]!);
    out.set(set.images.subarray(at * size, (at + 1) * size), i * size);
  }
  return out;
}

/** @throws UsageError unless `index` is an integer in 0 … count − 1 */
export function checkIndex(info: ImageInfo, index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < info.count) return index;
  throw new UsageError(
    `${info.name}: image ${index} does not exist; there are ${info.count} (0 to ${info.count - 1})`,
  );
}

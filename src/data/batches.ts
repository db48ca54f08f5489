/** @file Batches of a data set: in an order and with an augmentation that depend on the seed and the place alone. */

import { DataError, UsageError } from "../base/errors.ts";
import { type Size, sameSize, sides } from "../base/size.ts";
import { noGrad, type Random, scope, type Tensor, tensor } from "../tensor/index.ts";
import {
  mixup,
  normalise,
  randomCrop,
  randomErase,
  randomFlip,
  randomResizedCrop,
  resize,
} from "./augment/augment.ts";
import { ASPECTS, type RandomCrops } from "./augment/box.ts";
import { randAugment } from "./augment/rand-augment.ts";
import { type ImageSet, type ImageSource, imageSource } from "./sets/image-set.ts";
import type { Normalisation } from "./sets/normalise.ts";

/** What is done to training images; what is left out is not done. In this order. */
export interface Augment {
  /** Padding in pixels, for a random crop of the old size. */
  crop?: number;
  /** Mirror every second image. */
  flip?: boolean;
  /** Smallest and largest share of the area, for a random resized crop. */
  resizedCrop?: readonly [number, number];
  /** RandAugment: operations on an image, and their magnitude of 0 to 30. */
  randAugment?: readonly [count: number, magnitude: number];
  /** α of mixup. */
  mixup?: number;
  /** Probability of erasing a rectangle. */
  erase?: number;
}

export interface BatchOptions {
  batchSize: number;
  /** Root stream of the run; needed to shuffle and to augment. */
  random?: Random;
  /** Random order, another one in each epoch; else the order of the set. */
  shuffle?: boolean;
  /** Epoch, from 0. */
  epoch?: number;
  /** Batches to skip: what follows is exactly what would have followed them. */
  start?: number;
  /** Leave out a last batch that is not full. */
  dropLast?: boolean;
  augment?: Augment;
  /** Mean and standard deviation; pixels are in [0, 1] without. */
  normalise?: Normalisation;
  /** Size of the images given out; the set's own unless given. */
  imageSize?: Size;
  device?: string;
  /** Batches that are decoded ahead, for sources that load from files. */
  prefetch?: number;
}

export interface Batch {
  /** float32 [b, c, h, w] */
  images: Tensor;
  /** int64 [b] */
  labels: Tensor;
  /** Position of each image in the set. */
  indices: Int32Array;
  /** Number of the batch in the epoch, from 0. */
  number: number;
  /** With mixup: the loss is λ · loss(labels) + (1 − λ) · loss(other). */
  mixed?: { other: Tensor; lambda: number };
}

/** Number of batches in an epoch. */
export function batchCount(count: number, batchSize: number, dropLast = false): number {
  return dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
}

/** Whether an epoch ends with a batch of a single image, which has no other to be compared with. */
export const leavesOne = (count: number, batchSize: number): boolean =>
  count > 1 && batchSize > 1 && count % batchSize === 1;

/** The order of an epoch: a permutation of 0 … count − 1, from the stream "data.shuffle/epoch.N". */
export function epochOrder(count: number, epoch: number, random: Random): Int32Array {
  using permutation = random.at("data.shuffle").at(`epoch.${epoch}`).permutation(count);
  return Int32Array.from(permutation.data() as BigInt64Array, Number);
}

const orderOf = (source: ImageSource, epoch: number, random: Random): Int32Array =>
  source.order?.(epoch, random) ?? epochOrder(source.count, epoch, random);

/**
 * One epoch's batches. The order depends on the seed and the epoch only, the augmentation of a batch on the seed, the
 * epoch and the batch's number, so that an epoch can be taken up at any batch. A batch's tensors are freed when the
 * next one is asked for: what must live longer has to be cloned.
 * @throws UsageError for options out of range; DataError when an image cannot be read
 */
export async function* batches(
  data: ImageSet | ImageSource,
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const source = imageSource(data);
  checkOptions(options);
  const { batchSize, epoch = 0, start = 0, dropLast = false } = options;
  const order = options.shuffle
    ? orderOf(source, epoch, stream(options, "shuffle"))
    : Int32Array.from({ length: source.count }, (_, i) => i);
  const count = batchCount(source.count, batchSize, dropLast);
  const indicesOf = (n: number) => order.subarray(n * batchSize, (n + 1) * batchSize);

  const ahead: (Promise<Uint8Array> | Uint8Array)[] = [];
  for (let number = start; number < count; number++) {
    for (let n = number + ahead.length; n < count && ahead.length <= (options.prefetch ?? 1); n++)
      ahead.push(begin(source, indicesOf(n), n, options));
    const loaded = await ahead.shift()!;
    const { bytes, indices } = readable(source, loaded, indicesOf(number).slice(), number);
    const batch = noGrad(() => scope(() => makeBatch(source, bytes, indices, number, options), "batch"));
    try {
      yield batch;
    } finally {
      batch.images.dispose();
      batch.labels.dispose();
      batch.mixed?.other.dispose();
    }
  }
}

/** A load that fails before its turn must wait for it, not end the process. */
function begin(
  source: ImageSource,
  indices: Int32Array,
  number: number,
  options: BatchOptions,
): Promise<Uint8Array> | Uint8Array {
  const scale = options.augment?.resizedCrop;
  const loading =
    scale && source.loadCrops
      ? source.loadCrops(
          indices,
          randomCrops(scale, indices.length, number, options),
          sizeOf(source, options),
        )
      : source.load(indices);
  if (loading instanceof Promise) loading.catch(() => {});
  return loading;
}

/** What of a batch could be read: nothing is mixed with the rest. @throws DataError none of it */
function readable({ name, damaged }: ImageSource, bytes: Uint8Array, indices: Int32Array, number: number) {
  const rows = Array.from(indices.keys()).filter((row) => !damaged?.has(indices[row]!));
  if (rows.length === indices.length) return { bytes, indices };
  if (rows.length === 0) throw new DataError(`${name}: no image of batch ${number} can be read`);
  const each = bytes.length / indices.length;
  const kept = new Uint8Array(rows.length * each);
  for (const [i, row] of rows.entries()) kept.set(bytes.subarray(row * each, (row + 1) * each), i * each);
  return { bytes: kept, indices: Int32Array.from(rows, (row) => indices[row]!) };
}

/** A stream for each image of a batch, by its place. */
function randomCrops(
  scale: readonly [number, number],
  count: number,
  number: number,
  options: BatchOptions,
): RandomCrops {
  const root = augmentation(options, number).at("resizedCrop");
  const seeds = BigUint64Array.from({ length: count }, (_, i) => root.at(`image.${i}`).seed);
  return { scale, ratio: ASPECTS, seeds };
}

/** Height and width of the images given out. */
const sizeOf = ({ height, width }: ImageSource, { imageSize }: BatchOptions): readonly [number, number] =>
  sides(imageSize ?? [height, width]);

/** What a batch's augmentation is drawn from. */
const augmentation = (options: BatchOptions, number: number): Random =>
  stream(options, "augment")
    .at("data.augment")
    .at(`epoch.${options.epoch ?? 0}`)
    .at(`batch.${number}`);

function makeBatch(
  source: ImageSource,
  bytes: Uint8Array,
  indices: Int32Array,
  number: number,
  options: BatchOptions,
): Batch {
  const { augment = {}, device = "cpu" } = options;
  const { channels, loadCrops } = source;
  const size = sizeOf(source, options);
  const given = augment.resizedCrop && loadCrops ? size : ([source.height, source.width] as const);
  const constants = options.normalise ?? { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  const from = BigInt64Array.from(indices, (index) => BigInt(source.labels[index]!));
  const labels = tensor(from, { device });
  const random = () => augmentation(options, number);
  let images = tensor(bytes, { shape: [indices.length, channels, ...given], device, share: true });
  if (augment.crop) images = randomCrop(images, augment.crop, random().at("crop"));
  if (augment.flip) images = randomFlip(images, random().at("flip"));
  if (augment.resizedCrop && !loadCrops)
    images = randomResizedCrop(images, augment.resizedCrop, size, random().at("resizedCrop"));
  else if (!sameSize(size, given)) images = resize(images, size);
  if (augment.randAugment) {
    const [count, magnitude] = augment.randAugment;
    images = randAugment(images, { count, magnitude }, random().at("randAugment"));
  }
  images = normalise(images, constants);
  const mixed = augment.mixup ? mixup(images, labels, augment.mixup, random().at("mixup")) : undefined;
  if (mixed !== undefined) images = mixed.images;
  if (augment.erase) images = randomErase(images, augment.erase, random().at("erase"));
  const batch = { images, labels, indices, number };
  return mixed === undefined ? batch : { ...batch, mixed: { other: mixed.other, lambda: mixed.lambda } };
}

function stream(options: BatchOptions, purpose: string): Random {
  if (options.random !== undefined) return options.random;
  throw new UsageError(`batches: expected a random stream to ${purpose}, got none`);
}

function checkOptions(options: BatchOptions): void {
  const { batchSize, epoch = 0, start = 0, prefetch = 1, imageSize = 1, augment = {} } = options;
  const least = (key: string, value: number, from: number) => {
    if (!Number.isInteger(value) || value < from)
      throw new UsageError(`batches: ${key} is ${value}, expected an integer of at least ${from}`);
  };
  least("batchSize", batchSize, 1);
  least("epoch", epoch, 0);
  least("start", start, 0);
  least("prefetch", prefetch, 0);
  for (const side of sides(imageSize)) least("imageSize", side, 1);
  least("augment.crop", augment.crop ?? 0, 0);
  const { erase = 0, resizedCrop: [low, high] = [1, 1] } = augment;
  if (!(erase >= 0 && erase <= 1))
    throw new UsageError(`batches: augment.erase is ${erase}, expected 0 to 1`);
  if (!(low > 0 && low <= high && high <= 1))
    throw new UsageError(
      `batches: augment.resizedCrop is [${low}, ${high}], expected 0 < smallest ≤ largest ≤ 1`,
    );
}

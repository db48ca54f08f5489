/** @file Batches of a data set: in an order and with an augmentation that depend on the seed and the place alone. */

import { UsageError } from "../base/errors.ts";
import { type Size, sides } from "../base/size.ts";
import { noGrad, type Random, type Rows, scope, type Tensor } from "../tensor/index.ts";
import { mix, randomErase } from "./augment/augment.ts";
import type { Crops } from "./augment/box.ts";
import { cropsOf, drawnBy, viewsOf } from "./batch-crops.ts";
import { changedImages } from "./batch-images.ts";
import { augmentation, type Part, pairsOf, partOf, readable, stream, wholes } from "./batch-part.ts";
import { type ImageSet, type ImageSource, imageSource } from "./sets/image-set.ts";
import type { Normalisation } from "./sets/normalise.ts";
import { requireRows, rowsIn, type Share } from "./share.ts";

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
  /** Images of a batch, of all processes together. */
  batchSize: number;
  /** Which rows of each batch are given out; all unless given. */
  share?: Share;
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
  /** Random boxes of each image, where they are cut out of files as these are decoded; nothing else is done to them. */
  views?: readonly Crops[] | undefined;
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
  /** Of each kind of boxes float32 [count · b, c, h, w] in [0, 1], first boxes before second ones; `images` are the first ones. */
  views?: readonly Tensor[];
  /** int64 [b] */
  labels: Tensor;
  /** Position of each image in the set. */
  indices: Int32Array;
  /** Number of the batch in the epoch, from 0. */
  number: number;
  /** Which of the whole batch's images these are, where others are missing: in other processes, or skipped as damaged. */
  rows?: Rows;
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
 * epoch and the batch's number, so that an epoch can be taken up at any batch. Draws are made for whole batches: the shares
 * of P processes are together, bit for bit, the batch of one. A batch's tensors are freed when the
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
  if (options.share !== undefined)
    requireRows(options.share, { name: source.name, count: source.count, batchSize, dropLast });

  const ahead: { part: Part; loading: Promise<Uint8Array> | Uint8Array }[] = [];
  for (let number = start; number < count; number++) {
    for (let n = number + ahead.length; n < count && ahead.length <= (options.prefetch ?? 1); n++) {
      const part = partOf(order.slice(n * batchSize, (n + 1) * batchSize), n, options);
      ahead.push({ part, loading: source.resident ? NO_BYTES : begin(source, part, options) });
    }
    const { part, loading } = ahead.shift()!;
    const { bytes, kept } = readable(source, await loading, part);
    const batch = noGrad(() => scope(() => makeBatch(source, bytes, kept, options), "batch"));
    try {
      yield batch;
    } finally {
      batch.images.dispose();
      batch.labels.dispose();
      batch.mixed?.other.dispose();
      for (const view of batch.views ?? []) view.dispose();
    }
  }
}

const NO_BYTES = new Uint8Array();

/** A load that fails before its turn must wait for it, not end the process. */
function begin(source: ImageSource, part: Part, options: BatchOptions): Promise<Uint8Array> | Uint8Array {
  const indices = Int32Array.from(part.rows, (row) => part.indices[row]!);
  const kinds = cropsOf(source, options);
  const loading = kinds ? source.loadCrops!(indices, drawnBy(part, kinds, options)) : source.load(indices);
  if (loading instanceof Promise) loading.catch(() => {});
  return loading;
}

function makeBatch(source: ImageSource, bytes: Uint8Array, made: Part, options: BatchOptions): Batch {
  const { number, indices: all, own, rows, pairs } = made;
  const { augment = {}, device = "cpu" } = options;
  const labelsOf = (some: readonly number[]) => wholes(some, (row) => source.labels[all[row]!]!, device);
  const kinds = options.views && cropsOf(source, options);
  const views = kinds && viewsOf(bytes, rows.length, source.channels, kinds, device);
  let images = views ? views[0]!.narrow(0, 0, rows.length) : changedImages(source, bytes, made, options);
  const mixed = pairs && mix(images, labelsOf(rows), pairsOf(pairs, own, rows));
  if (mixed !== undefined) images = mixed.images;
  const part = rowsIn(all.length, own);
  if (augment.erase)
    images = randomErase(images, augment.erase, augmentation(options, number).of(part).at("erase"));
  return {
    ...{ images, labels: labelsOf(own), indices: Int32Array.from(own, (row) => all[row]!), number },
    ...(views !== undefined && { views }),
    ...(part !== undefined && { rows: part }),
    ...(mixed !== undefined && { mixed: { other: mixed.other, lambda: mixed.lambda } }),
  };
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
  for (const { count } of options.views ?? []) least("views' count", count, 1);
  if (options.views && Object.values(augment).some(Boolean))
    throw new UsageError("batches: expected views or augment, got both: views are given out as they are cut");
  const { erase = 0, resizedCrop: [low, high] = [1, 1] } = augment;
  if (!(erase >= 0 && erase <= 1))
    throw new UsageError(`batches: augment.erase is ${erase}, expected 0 to 1`);
  if (!(low > 0 && low <= high && high <= 1))
    throw new UsageError(
      `batches: augment.resizedCrop is [${low}, ${high}], expected 0 < smallest ≤ largest ≤ 1`,
    );
}

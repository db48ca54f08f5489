/** @file Batches of a data set: in an order and with an augmentation that depend on the seed and the place alone. */

import { UsageError } from "../base/errors.ts";
import { type Size, sameSize, sides } from "../base/size.ts";
import { aten, noGrad, type Random, type Rows, scope, type Tensor, tensor } from "../tensor/index.ts";
import {
  drawMirrored,
  mirror,
  mix,
  normalise,
  randomCrop,
  randomErase,
  randomResizedCrop,
  resize,
} from "./augment/augment.ts";
import { ASPECTS, type RandomCrops } from "./augment/box.ts";
import { randAugment } from "./augment/rand-augment.ts";
import { augmentation, type Part, pairsOf, partOf, readable, stream } from "./batch-part.ts";
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
    }
  }
}

const NO_BYTES = new Uint8Array();

/** A load that fails before its turn must wait for it, not end the process. */
function begin(
  source: ImageSource,
  { indices: all, rows, number }: Part,
  options: BatchOptions,
): Promise<Uint8Array> | Uint8Array {
  const indices = Int32Array.from(rows, (row) => all[row]!);
  const scale = options.augment?.resizedCrop;
  const loading =
    scale && source.loadCrops
      ? source.loadCrops(indices, randomCrops(scale, rows, number, options), sizeOf(source, options))
      : source.load(indices);
  if (loading instanceof Promise) loading.catch(() => {});
  return loading;
}

/** A stream for each image of a batch, by its place. */
function randomCrops(
  scale: readonly [number, number],
  rows: readonly number[],
  number: number,
  options: BatchOptions,
): RandomCrops {
  const root = augmentation(options, number).at("resizedCrop");
  const seeds = BigUint64Array.from(rows, (row) => root.at(`image.${row}`).seed);
  return { scale, ratio: ASPECTS, seeds };
}

/** Height and width of the images given out. */
const sizeOf = ({ height, width }: ImageSource, { imageSize }: BatchOptions): readonly [number, number] =>
  sides(imageSize ?? [height, width]);

function makeBatch(
  source: ImageSource,
  bytes: Uint8Array,
  { number, indices: all, own, rows, pairs }: Part,
  options: BatchOptions,
): Batch {
  const { augment = {}, device = "cpu" } = options;
  const { channels, loadCrops } = source;
  const size = sizeOf(source, options);
  const given = augment.resizedCrop && loadCrops ? size : ([source.height, source.width] as const);
  const constants = options.normalise ?? { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  /** A number of each of these rows' images, by its position in the set. */
  const numbersOf = (some: readonly number[], of: (position: number) => number) =>
    tensor(
      BigInt64Array.from(some, (row) => BigInt(of(all[row]!))),
      { device },
    );
  const labelsOf = (some: readonly number[]) => numbersOf(some, (position) => source.labels[position]!);
  const random = (some: readonly number[] = rows) =>
    augmentation(options, number).of(rowsIn(all.length, some));
  let images =
    source.resident === undefined
      ? placed(bytes, [rows.length, channels, ...given], device)
      : source.resident.indexSelect(
          0,
          numbersOf(rows, (position) => position),
        );
  if (augment.crop) images = randomCrop(images, augment.crop, random().at("crop"));
  let mirrored = augment.flip ? drawMirrored(images, random().at("flip")) : undefined;
  if (mirrored && (!sameSize(size, given) || (augment.resizedCrop && !loadCrops) || augment.randAugment)) {
    images = mirror(images, mirrored);
    mirrored = undefined; // else with the normalisation, in one pass
  }
  if (augment.resizedCrop && !loadCrops)
    images = randomResizedCrop(images, augment.resizedCrop, size, random().at("resizedCrop"));
  else if (!sameSize(size, given)) images = resize(images, size);
  if (augment.randAugment) {
    const [count, magnitude] = augment.randAugment;
    images = randAugment(images, { count, magnitude }, random().at("randAugment"));
  }
  images = normalise(images, constants, mirrored);
  const mixed = pairs && mix(images, labelsOf(rows), pairsOf(pairs, own, rows));
  if (mixed !== undefined) images = mixed.images;
  if (augment.erase) images = randomErase(images, augment.erase, random(own).at("erase"));
  const part = rowsIn(all.length, own);
  return {
    ...{ images, labels: labelsOf(own), indices: Int32Array.from(own, (row) => all[row]!), number },
    ...(part !== undefined && { rows: part }),
    ...(mixed !== undefined && { mixed: { other: mixed.other, lambda: mixed.lambda } }),
  };
}

/** Bytes on a device; to a GPU from pinned memory, so that nobody waits for the copy. */
function placed(bytes: Uint8Array, shape: readonly number[], device: string): Tensor {
  const here = tensor(bytes, { shape, share: true });
  if (!device.startsWith("cuda")) return here.to(device);
  return aten("to.device", aten<Tensor>("pin_memory", here), device, "uint8", true);
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

/** @file Features of a whole set of images. */

import {
  type BatchOptions,
  batches,
  type ImageSet,
  type ImageSource,
  imageSource,
  type Normalisation,
  rowsOf,
  sourceSubset,
} from "../data/index.ts";
import type { Module } from "../nn/index.ts";
import {
  cat,
  type Group,
  gatherRows,
  keep,
  noGrad,
  scope,
  type Tensor,
  UsageError,
} from "../tensor/index.ts";

/** Images in [−1, 1], as the nets of the closed loop take and give them. */
export const SYMMETRIC = (channels: number) => ({
  mean: Array.from({ length: channels }, () => 0.5),
  std: Array.from({ length: channels }, () => 0.5),
});

/** How images are given to the encoder. */
export type ImageOptions = Pick<BatchOptions, "imageSize" | "device"> & {
  batchSize?: number;
  /** Of pixels: [−1, 1], the closed loop's, unless given. */
  range?: "symmetric" | "unit";
  /** Of pixels, in place of a range. */
  normalise?: Normalisation;
  /** Processes that make the features of a part each. */
  across?: Group | undefined;
  /** Whether every rank then gets all of them, as it does unless given, or keeps its own. */
  gather?: boolean;
};

/** `using features = …` frees both. */
export interface Features extends Disposable {
  /** [n, d] */
  Z: Tensor;
  /** int64 [n] */
  labels: Tensor;
}

/** The images of one of several processes. @throws {UsageError} fewer images than processes */
function partOf(source: ImageSource, across: Group): ImageSource {
  if (source.count < across.size)
    throw new UsageError(
      `${source.name}: expected an image for each of ${across.size} processes, got ${source.count}`,
    );
  return sourceSubset(source, Int32Array.from(rowsOf(across, source.count)));
}

/** f(x) for every image, in the order of the set, in evaluation mode; the mode is put back. The caller frees them. */
export async function featuresOf(
  encoder: Module,
  source: ImageSet | ImageSource,
  { batchSize = 500, range = "symmetric", normalise, across, gather = true, ...options }: ImageOptions,
): Promise<Features> {
  const training = encoder.training;
  const [features, labels]: [Tensor[], Tensor[]] = [[], []];
  encoder.eval();
  try {
    const constants = normalise ?? (range === "symmetric" ? SYMMETRIC(source.channels) : undefined);
    const own = across === undefined ? source : partOf(imageSource(source), across);
    const given = batches(own, { ...options, batchSize, ...(constants && { normalise: constants }) });
    for await (const batch of given) {
      features.push(keep(noGrad(() => encoder.apply(batch.images))));
      labels.push(batch.labels.clone());
    }
    const all = scope(() => {
      const here = { Z: cat(features), labels: cat(labels) };
      return across === undefined || !gather
        ? here
        : { Z: gatherRows(here.Z, across), labels: gatherRows(here.labels, across) };
    });
    return {
      ...all,
      [Symbol.dispose]() {
        all.Z.dispose();
        all.labels.dispose();
      },
    };
  } finally {
    encoder.train(training);
    for (const tensor of [...features, ...labels]) tensor.dispose();
  }
}

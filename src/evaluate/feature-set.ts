/** @file Fixed features of a whole set: checked once, given out in batches. */

import { batchCount, epochOrder, type Share, rowsOf as sharedRows } from "../data/index.ts";
import { DataError, noGrad, type Random, scope, type Tensor, tensor, UsageError } from "../tensor/index.ts";

export interface FeatureBatch {
  /** [b, d] */
  X: Tensor;
  /** Row of each in the feature matrix. */
  indices: Int32Array;
}

/**
 * @param X features, [n, d]
 * @param labels int64 [n], where there are any
 * @throws {DataError} other labels than features, or a feature that is not finite, by its row
 */
export function checkFeatureSet(X: Tensor, labels?: Tensor): void {
  if (X.dim !== 2 || X.numel === 0)
    throw new DataError(`features: expected a matrix [n, d], got ${X.describe()}`);
  if (labels !== undefined && (labels.dim !== 1 || labels.size(0) !== X.size(0)))
    throw new DataError(`features: expected a label for each of ${X.size(0)} rows, got ${labels.describe()}`);
  const bad = noGrad(() =>
    scope(() => {
      const wrong = X.isFinite().not().to("int32").sum(1).gt(0).to("int32"); // [n]
      return wrong.sum().item() === 0 ? undefined : { row: wrong.argmax().item(), count: wrong.sum().item() };
    }),
  );
  if (bad !== undefined)
    throw new DataError(
      `features: expected finite numbers, got NaN or infinity in ${bad.count} of ${X.size(0)} rows, the first is ${bad.row}; leave these rows out or make the features anew`,
    );
}

/** @throws {UsageError} a batch that is not a whole number from 2 to the size of the set */
export function checkBatchSize(batchSize: number, count: number): void {
  if (!(Number.isInteger(batchSize) && batchSize >= 2 && batchSize <= count))
    throw new UsageError(
      `train.batchSize: expected a batch of 2 to ${count} features, the whole set, got ${batchSize}`,
      { path: "train.batchSize" },
    );
}

/** @throws {UsageError} fewer points than clusters */
export function checkClusters(clusters: number, points: number): void {
  if (!(Number.isInteger(clusters) && clusters >= 1 && clusters <= points))
    throw new UsageError(`clusters: expected a whole number from 1 to the ${points} points, got ${clusters}`);
}

/** Rows of a matrix by their numbers: [b, d]. */
export const rowsOf = (X: Tensor, indices: Int32Array): Tensor =>
  scope(() => X.indexSelect(0, tensor(indices, { device: X.device })));

/**
 * Epoch after epoch, each in another order, without what is left over at its end. The order depends on the seed and the
 * epoch alone. A batch is freed when the next one is asked for.
 *
 * @param from step to start at
 * @param share which rows of each batch are given out; all unless given
 */
export function* featureBatches(
  X: Tensor,
  { batchSize, random, from = 0, share }: { batchSize: number; random: Random; from?: number; share?: Share },
): Generator<FeatureBatch> {
  const count = X.size(0);
  const perEpoch = batchCount(count, batchSize, true);
  for (let step = from; ; ) {
    const order = epochOrder(count, Math.floor(step / perEpoch), random);
    do {
      const start = (step % perEpoch) * batchSize;
      const all = order.slice(start, start + batchSize);
      const indices =
        share === undefined ? all : Int32Array.from(sharedRows(share, batchSize), (row) => all[row]!);
      using rows = rowsOf(X, indices);
      yield { X: rows, indices };
      step++;
    } while (step % perEpoch !== 0);
  }
}

/** @file What the classifiers on features share. */

import { type Group, type Tensor, UsageError } from "../../tensor/index.ts";

/** A fitted classifier. It owns its tensors: `dispose()` frees them. */
export interface Classifier {
  /** Z [n, d] → int64 [n] */
  predict(Z: Tensor): Tensor;
  dispose(): void;
  [Symbol.dispose](): void;
}

/** @throws {UsageError} features that are not [n, d], other labels than n, values that are not finite */
export function checkFeatures(what: string, Z: Tensor, labels: Tensor): void {
  if (Z.dim !== 2 || labels.dim !== 1 || labels.size(0) !== Z.size(0) || Z.size(0) === 0)
    throw new UsageError(
      `${what}: expected features [n, d] and labels [n], got ${Z.describe()} and ${labels.describe()}`,
    );
  using total = Z.sum();
  if (!Number.isFinite(total.item()))
    throw new UsageError(`${what}: expected finite features, got NaN or infinity; look at the data`);
}

/** @throws {UsageError} features of another dimension than those the classifier was fitted to */
export function checkDimension(what: string, Z: Tensor, d: number): void {
  if (Z.dim !== 2 || Z.size(1) !== d)
    throw new UsageError(`${what}: expected features [n, ${d}], got ${Z.describe()}`);
}

/**
 * Share of labels that are right: int64 [n] each, 0 to 1.
 * @param across processes that have other labels: the share is of those of all
 */
export function accuracy(predicted: Tensor, labels: Tensor, across?: Group): number {
  using equal = predicted.eq(labels);
  using total = equal.sum();
  const own = { right: total.item(), count: labels.numel };
  const { right, count } = across?.sums(own) ?? own;
  return right / count;
}

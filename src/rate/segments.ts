/** @file Samples sorted into classes, so that one batched product serves all classes. */

import { largestOf } from "../base/extremes.ts";
import { operator, run, type Tensor, tensor, UsageError, zeros } from "../tensor/index.ts";

const INDEX_COPY = operator("index_copy");

/**
 * Which rows belong to which class.
 *
 * `pad` lays the classes out side by side, [n, …] → [K, m, …] with m the size of the largest class and rows of zeros
 * behind smaller ones. Zeros add nothing to a Gram matrix, so ZₖᵀZₖ of all classes is one batched product of about n
 * rows, where masks or diagonal memberships would cost K n rows.
 */
export class Segments {
  constructor(
    /** Samples of each class; their sum is n. */
    readonly counts: readonly number[],
    readonly slots: Tensor, //                                                  [n]: class · m + position in the class
  ) {}

  /** m, the size of the largest class; at least 1. */
  get width(): number {
    return largestOf(this.counts, 1);
  }
  /** n */
  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** [n, …] → [K, m, …]; differentiable. */
  pad(Z: Tensor): Tensor {
    const { counts, width } = this;
    const rest = Z.shape.slice(1);
    const empty = zeros([counts.length * width, ...rest], { dtype: Z.dtype, device: Z.device });
    return run(INDEX_COPY, empty.h, 0, this.slots.h, Z.h).reshape([counts.length, width, ...rest]);
  }
}

/**
 * Labels as numbers, and how many samples each class has.
 *
 * @param labels int64 [n], 0 ≤ label < classes
 * @throws {UsageError} a label outside the range, with its position
 */
export function countLabels(labels: Tensor, classes: number): { values: number[]; counts: number[] } {
  const values = labels.numbers();
  const counts = new Array<number>(classes).fill(0);
  values.forEach((label, i) => {
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw new UsageError(`labels: expected 0 ≤ label < ${classes} classes, got ${label} for sample ${i}`);
    counts[label]!++;
  });
  return { values, counts };
}

/**
 * Sorts samples into classes by their labels.
 *
 * @param labels int64 [n], 0 ≤ label < classes
 * @throws {UsageError} a label outside the range, with its position
 */
export function segments(labels: Tensor, classes: number): Segments {
  const { values, counts } = countLabels(labels, classes);
  const width = largestOf(counts, 1);
  const next = counts.map((_, k) => k * width);
  const slots = BigInt64Array.from(values, (label) => BigInt(next[label]!++));
  return new Segments(counts, tensor(slots, { device: labels.device }));
}

/** @file Which rows of a batch are a process's own. */

import { UsageError } from "../base/errors.ts";
import type { Rows } from "../tensor/index.ts";

/** One of the processes that share batches. */
export interface Share {
  readonly rank: number;
  /** Processes. */
  readonly size: number;
}

/** Rows ⌊r b/P⌋ … ⌊(r + 1) b/P⌋ − 1 of a batch of b, of rank r among P. */
export function rowsOf({ rank: r, size: P }: Share, b: number): number[] {
  const [from, to] = [r, r + 1].map((k) => Math.floor((k * b) / P)) as [number, number];
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Rows of a batch as a part of it; nothing where they are all of it, in its order. */
export const rowsIn = (whole: number, at: readonly number[]): Rows | undefined =>
  at.length === whole && at.every((row, i) => row === i) ? undefined : { whole, at };

/** Batches of which each process has a row. @throws {UsageError} one that is smaller than the number of processes */
export function requireRows(
  { size }: Share,
  { name, count, batchSize, dropLast }: { name: string; count: number; batchSize: number; dropLast: boolean },
): void {
  if (batchSize < size)
    throw new UsageError(
      `train.batchSize: expected at least ${size}, one of each batch for each process, got ${batchSize}; a batch is that of all processes together`,
      { path: "train.batchSize", expected: `at least ${size}`, received: String(batchSize) },
    );
  const last = count % batchSize;
  if (!dropLast && last > 0 && last < size)
    throw new UsageError(
      `train.batchSize: the last of ${name}'s batches of ${batchSize} has ${last} of ${count} images, expected one for each of ${size} processes; take another batch size`,
      { path: "train.batchSize", received: String(batchSize) },
    );
}

/** @file A batch as a fixed number of parts, whatever the number of processes: what is added in one order has the same bits. */

import { rowsOf } from "../data/index.ts";
import { type Group, type Rows, UsageError } from "../tensor/index.ts";

/** Rows of a batch that are here and belong to one part, from `start` on. */
export interface Shard {
  start: number;
  length: number;
}

/**
 * The parts of a batch of b that are on this rank, in their order: part s of S has rows ⌊s b/S⌋ … ⌊(s + 1) b/S⌋ − 1, rank r of
 * P parts r S/P … (r + 1) S/P − 1.
 * @param rows which rows of the batch are here; all of `own` unless given
 */
export function shardsOf(S: number, own: number, rows: Rows | undefined, across: Group | undefined): Shard[] {
  const { whole, at } = rows ?? { whole: own, at: Array.from({ length: own }, (_, i) => i) };
  const places = Array.from(at);
  return rowsOf(across ?? { rank: 0, size: 1 }, S).map((s) => {
    const part = rowsOf({ rank: s, size: S }, whole);
    const start = places.filter((row) => row < part[0]!).length;
    return { start, length: places.filter((row) => row >= part[0]! && row <= part.at(-1)!).length };
  });
}

/** @throws {UsageError} no power of two, fewer parts than processes, or fewer rows in a batch than parts */
export function requireShards(S: number | undefined, batchSize: number, across: Group | undefined): void {
  if (S === undefined) return;
  const P = across?.size ?? 1;
  const refuse = (expected: string) => {
    throw new UsageError(`train.shards: expected ${expected}, got ${S}`, { path: "train.shards", expected });
  };
  if (!Number.isInteger(Math.log2(S))) refuse("a power of two");
  if (S % P !== 0) refuse(`a multiple of the ${P} processes, which have to be a power of two`);
  if (S > batchSize) refuse(`at most train.batchSize ${batchSize}, a row for each part`);
}

/** @file Whether all processes still have the same weights. */

import { crc32 } from "node:zlib";
import { type Group, RanksDifferError, type Tensor, UsageError } from "../tensor/index.ts";

/** The elements of an array as they lie in memory. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Steps between two comparisons. */
export const COMPARED_EVERY = 100;

/**
 * Compares a checksum of all weights, 8 bytes from each rank; where they differ, one of each tensor.
 * @param weights under the same names on every rank
 * @param done steps since the weights were read or drawn
 * @throws {RanksDifferError} on every rank: the first tensor that is not rank 0's, and on which rank
 * @throws {UsageError} the same before the first step
 */
export function requireSameWeights(group: Group, weights: ReadonlyMap<string, Tensor>, done: number): void {
  const sums = [...weights.values()].map((tensor) => crc32(bytesOf(tensor.data())));
  const all = group.numbers([crc32(bytesOf(Float64Array.from(sums)))]).flat();
  if (all.every((sum) => sum === all[0])) return;
  const [first, ...others] = group.numbers(sums) as [number[], ...number[][]];
  const at = first.findIndex((sum, i) => others.some((other) => other[i] !== sum));
  const rank = 1 + others.findIndex((other) => other[at] !== first[at]);
  const what = `"${[...weights.keys()][at]}" on rank ${rank} is not that of rank 0`;
  if (done === 0) throw new UsageError(`${what} at the start; give all processes the same files`);
  throw new RanksDifferError(
    `${what} after ${done} steps, though both made the same; go on from a checkpoint at least ${COMPARED_EVERY} steps older, on processors of one kind, and report it if it comes again`,
  );
}

/** @file Packed text: a sequence of tokens cut into blocks of one length, at random places or one after the other. */

import { DataError } from "../../base/errors.ts";
import { noGrad, type Random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import type { Tokens } from "./token-file.ts";

/**
 * Throws where a text has no block to give. @throws {DataError} fewer tokens than `length`
 */
export function requireBlock(tokens: Tokens, length: number, name: string): void {
  if (tokens.length < length)
    throw new DataError(
      `${name}: has ${tokens.length} tokens, expected ${length} or more, one block and what follows it; take a longer text or a smaller model.context`,
    );
}

/** Rows of tokens from the given places on: int64 [places, length]. */
export function blocksAt(tokens: Tokens, starts: readonly number[], length: number, device = "cpu"): Tensor {
  const rows = new BigInt64Array(starts.length * length);
  starts.forEach((start, i) => {
    const row = tokens.subarray(start, start + length);
    for (let t = 0; t < length; t++) rows[i * length + t] = BigInt(row[t]!);
  });
  return tensor(rows, { shape: [starts.length, length], device });
}

/**
 * `count` blocks from random places, which may overlap, as nanoGPT draws them: int64 [count, length]. A stream of a batch's
 * rows gives those blocks of the batch, and reads no others.
 */
export function randomBlocks(
  tokens: Tokens,
  count: number,
  length: number,
  random: Random,
  device = "cpu",
): Tensor {
  const starts = noGrad(() =>
    scope(() => random.integers([count], 0, tokens.length - length + 1).numbers(), "random blocks"),
  );
  return blocksAt(tokens, starts, length, device);
}

/**
 * Places of blocks of `length` tokens that stand side by side, `step` apart; what is left over at the end is left out.
 * @param most so many of them, spread evenly; all when not given
 */
export function blockStarts(
  count: number,
  length: number,
  step: number,
  most = Number.POSITIVE_INFINITY,
): number[] {
  const all = Math.max(0, Math.floor((count - length) / step) + 1);
  const taken = Math.min(all, most);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * all) / taken) * step);
}

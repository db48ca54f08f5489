/** @file What of a batch a process makes: its own rows, those they are mixed with, without what could not be read. */

import { DataError, UsageError } from "../base/errors.ts";
import { type Random, type Tensor, tensor } from "../tensor/index.ts";
import { drawPairs, type Pairs } from "./augment/augment.ts";
import type { BatchOptions } from "./batches.ts";
import type { ImageSource } from "./sets/image-set.ts";
import { rowsOf } from "./share.ts";

/** A batch, and what of it is made here. */
export interface Part {
  number: number;
  /** Positions in the set of the whole batch. */
  indices: Int32Array;
  /** Rows that are given out. */
  own: number[];
  /** Those, then the rows that they are mixed with. */
  rows: number[];
  pairs?: Pairs;
}

export function partOf(indices: Int32Array, number: number, options: BatchOptions): Part {
  const { share = { rank: 0, size: 1 }, augment: { mixup } = {} } = options;
  const own = rowsOf(share, indices.length);
  if (!mixup) return { number, indices, own, rows: own };
  const pairs = drawPairs(indices.length, mixup, augmentation(options, number).at("mixup"));
  const rows = [...new Set([...own, ...own.map((row) => pairs.order[row]!)])];
  return { number, indices, own, rows, pairs };
}

/** What of a batch could be read: nothing is mixed with the rest. @throws DataError none of it */
export function readable({ name, damaged }: ImageSource, bytes: Uint8Array, part: Part) {
  const { number, indices, own, rows } = part;
  const isRead = (row: number) => !damaged?.has(indices[row]!);
  const places = [...rows.keys()].filter((i) => isRead(rows[i]!));
  if (places.length === rows.length) return { bytes, kept: part };
  const kept = { ...part, own: own.filter(isRead), rows: rows.filter(isRead) };
  if (kept.own.length === 0) {
    const whose = own.length < indices.length ? "this process's part of batch" : "batch";
    throw new DataError(`${name}: no image of ${whose} ${number} can be read`);
  }
  const each = bytes.length / rows.length;
  const left = new Uint8Array(places.length * each);
  for (const [i, at] of places.entries()) left.set(bytes.subarray(at * each, (at + 1) * each), i * each);
  return { bytes: left, kept };
}

/** Whom each of the own rows is mixed with, by place among `rows`; with itself where the other could not be read. */
export function pairsOf({ lambda, order }: Pairs, own: readonly number[], rows: readonly number[]): Pairs {
  const places = new Map(rows.map((row, place) => [row, place]));
  return { lambda, order: Int32Array.from(own, (row) => places.get(order[row]!) ?? places.get(row)!) };
}

/** A whole number of each of some rows, int64 [rows.length]. */
export const wholes = (rows: readonly number[], of: (row: number) => number, device: string): Tensor =>
  tensor(
    BigInt64Array.from(rows, (row) => BigInt(of(row))),
    { device },
  );

/** What a batch's augmentation is drawn from. */
export const augmentation = (options: BatchOptions, number: number): Random =>
  stream(options, "augment")
    .at("data.augment")
    .at(`epoch.${options.epoch ?? 0}`)
    .at(`batch.${number}`);

/** The root of a run's streams. @throws {UsageError} none was given */
export function stream(options: BatchOptions, purpose: string): Random {
  if (options.random !== undefined) return options.random;
  throw new UsageError(`batches: expected a random stream to ${purpose}, got none`);
}

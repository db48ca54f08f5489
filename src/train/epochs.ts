/** @file Batches of images epoch after epoch, one or several of them to a step. */

import { type Batch, type BatchOptions, batchCount, batches, type ImageSource } from "../data/index.ts";
import type { Group, Tensor } from "../tensor/index.ts";
import type { Given } from "./slopes.ts";

export interface EpochOptions extends Omit<BatchOptions, "epoch" | "start"> {
  /** Batches whose mean makes a step; 1 unless given. The last step of an epoch takes what is left. */
  accumulate?: number | undefined;
}

/** A batch that knows its place. */
export interface EpochBatch extends Batch {
  epoch: number;
  /** Its number since the start of training, from 0. */
  count: number;
  /** Batches that make its step. */
  of: number;
}

/**
 * Epoch after epoch, each in another order unless `shuffle` is false. A last batch that is not full is left out unless
 * `dropLast` is false: every step weighs its images the same.
 */
export class Epochs {
  /** Steps of an epoch. */
  readonly steps: number;
  private readonly batches: number;
  private readonly options: BatchOptions;
  private readonly accumulate: number;

  constructor(
    private readonly source: ImageSource,
    { accumulate = 1, ...options }: EpochOptions,
  ) {
    this.options = { shuffle: true, dropLast: true, ...options };
    this.accumulate = accumulate;
    this.batches = batchCount(source.count, options.batchSize, this.options.dropLast);
    this.steps = Math.ceil(this.batches / accumulate);
  }

  /**
   * n, the samples of a batch on all ranks, of which `own` are here: as many as it is to have, but counted where damaged ones
   * are left out.
   */
  whole({ rows }: EpochBatch, own: number, across: Group | undefined): number {
    if (across === undefined) return own;
    return this.source.damaged === undefined ? (rows?.whole ?? own) : wholeOf(own, across);
  }

  /** From a step on, without an end. */
  async *from(step: number): AsyncGenerator<EpochBatch> {
    const { source, options, accumulate } = this;
    let start = (step % this.steps) * accumulate;
    for (let epoch = Math.floor(step / this.steps); ; epoch++, start = 0)
      for await (const batch of batches(source, { ...options, epoch, start })) {
        const first = batch.number - (batch.number % accumulate);
        const of = Math.min(accumulate, this.batches - first);
        yield { ...batch, epoch, of, count: epoch * this.batches + batch.number };
      }
  }
}

/** Where a batch comes from, for messages. */
export const given = ({ images, epoch, number }: EpochBatch): Given => ({ inputs: [images], epoch, number });

/** Images of the whole batch, on all ranks, where there are several; else those that could be read. */
export const imagesOf = (
  { indices, rows }: Pick<Batch, "indices" | "rows">,
  across: Group | undefined,
): number => (across && rows?.whole) ?? indices.length;

/** n, the samples on all ranks, of which n_r are here. */
export const wholeOf = (own: number, across: Group | undefined): number => across?.sums({ own }).own ?? own;

/** A mean over some samples as their share of the mean over all: times n_r/n. */
export const shareOf = (mean: Tensor, own: number, whole: number): Tensor =>
  own === whole ? mean : mean.mul(own / whole);

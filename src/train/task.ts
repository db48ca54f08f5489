/** @file What a method gives the training loop. */

import type { Module } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";

/** The loss of one batch and what is counted about it. */
export interface BatchLoss {
  loss: Tensor; //                                                              []
  /** Images classified right, where the method knows. */
  correct?: Tensor; //                                                          []
}

export interface Evaluation {
  /** Shares of the images, 0 to 1. */
  top1: number;
  top5: number;
  loss: number;
  count: number;
}

/** A module that learns from batches. */
export interface Task<Batch> {
  readonly module: Module;
  readonly batchesPerEpoch: number;
  /** One epoch's batches from number `start` on; the same for the same seed. */
  batches(epoch: number, start: number): AsyncIterable<Batch>;
  /** Images in a batch. */
  size(batch: Batch): number;
  /** Runs inside a scope, in the run's precision. */
  loss(batch: Batch): BatchLoss;
  /** Over the whole of the test images; lets signals through between batches. */
  evaluate(): Promise<Evaluation>;
  /** Runs in the run's precision. Called when a loss is not finite: the first place in the network that is not, in words. */
  locate(batch: Batch): string | undefined;
}

/** @file Where a run is: everything but tensors that resuming needs. */

import type { Evaluation } from "./task.ts";

/** Saved in every checkpoint as plain JSON. Random streams follow from seed, epoch and batch: they have no state. */
export interface Place {
  /** Optimiser steps done. */
  step: number;
  /** Epochs done. */
  epoch: number;
  /** Batches done in this epoch; all of them, between its last step and its evaluation. */
  batch: number;
  /** Highest top-1 of all evaluations, as a share. */
  best: number | null;
  /** Of the weights as they are after this step, where they have been evaluated. */
  evaluation: Evaluation | null;
  /** Sums over this epoch's images so far. */
  sums: { loss: number; correct: number; count: number };
  /** Learning rate of the last step, where there was one. */
  lr?: number | undefined;
  /** Records of this step that metrics.jsonl held when it was saved; an older version did not note them. */
  records: number | undefined;
  /** Spent on training, evaluation and saving, over all processes that worked on the run. */
  seconds: number;
}

export const noSums = (): Place["sums"] => ({ loss: 0, correct: 0, count: 0 });

/** Before the first step. */
export const start = (): Place => ({
  step: 0,
  epoch: 0,
  batch: 0,
  best: null,
  evaluation: null,
  sums: noSums(),
  records: 0,
  seconds: 0,
});

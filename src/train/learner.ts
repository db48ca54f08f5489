/** @file What a method gives the training loop: batches, steps, evaluations, and the parts that are saved. */

import type { FixedStep } from "./fixed-step.ts";
import type { Readings } from "./readings.ts";
import type { Stateful } from "./stateful.ts";

/** Numbers by name, grouped by slashes: "train/loss", "lr". */
export type Numbers = Readonly<Record<string, number>>;

/** What a step logs: its numbers, some of them perhaps still to be read, and its learning rate. */
export type Logged = Readings & { readonly lr?: number };

/** What an evaluation found. */
export interface Milestone {
  /** For metrics.jsonl; those of `eval/` also for summary.csv. */
  numbers: Numbers;
  /** What a person reads about it. */
  text: string;
  /** The larger the better, where it decides which checkpoint is the best. */
  score?: number | undefined;
  /** Name of the number that the score is, in a person's unit and perhaps the smaller the better: "eval/loss". */
  scored?: string | undefined;
  /** What the run says of itself when it ends here; the numbers and the text unless given. */
  result?: { numbers: Numbers; text: string } | undefined;
}

/** Something that learns step by step. The loop counts the steps, evaluates, saves, stops and goes on. */
export interface Learner<Batch> {
  /** Steps from start to end. */
  readonly steps: number;
  /** Steps of an epoch, where there are epochs. */
  readonly perEpoch?: number | undefined;
  /** Steps between evaluations; the end is always evaluated. */
  readonly evalEvery?: number | undefined;
  /** In place of `evalEvery`: evaluated after these numbers of steps and no others, since something ends with each. */
  readonly milestones?: readonly number[] | undefined;
  /** What `size` counts; images unless given. */
  readonly unit?: string;
  /** Batches of step `from`, `from` + 1, …; the same for the same seed. */
  batches(from: number): AsyncIterable<Batch>;
  /** Images, or what else is learned from, in a batch. */
  size(batch: Batch): number;
  /** What the loop saves and restores, in this order; the names are those in `trainer_state.json`. */
  readonly parts: Readonly<Record<string, Stateful>>;
  /**
   * One step, numbered from 0, run inside a scope; or a share of it, where several batches make a step.
   * @returns what to log, `epoch/…` only as means over an epoch; nothing while the step waits for more batches. Tensors []
   *   are read later.
   * @throws {NotFiniteError} a number that is not finite, where it is read at once
   */
  step(batch: Batch, at: number): Logged | undefined;
  /** The same step from tensors of fixed places, for `train.graph`. @throws {UsageError} it cannot be made of them */
  fixed?(): FixedStep<Batch>;
  /**
   * Finds out what `done` steps have come to, and ends what ends with them, such as a task. The loop saves before it,
   * and calls it again when the run is taken up there.
   */
  evaluate?(done: number): Promise<Milestone>;
}

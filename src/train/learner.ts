/** @file What a method gives the loop of steps: it has its own nets, optimisers and losses. */

import type { Tensor } from "../tensor/index.ts";
import type { LoadedCheckpoint } from "./checkpoint.ts";

/** Numbers by name, grouped by slashes: "train/objective", "lr". */
export type Numbers = Readonly<Record<string, number>>;

/** What was found out after a step: an evaluation, the end of a task. */
export interface Milestone {
  numbers: Numbers;
  /** What a person reads about it. */
  text: string;
  /** The larger the better, where it decides which checkpoint is the best. */
  score?: number;
}

/**
 * Something that learns by steps of its own making. Unlike a `Task`, which gives a loss and leaves the update to the
 * trainer, it may have several players with an optimiser each, or build layers without gradients.
 */
export interface Learner<Batch> {
  /** Steps from start to end. */
  readonly steps: number;
  /** Batches of step `from`, `from` + 1, …; the same for the same seed. */
  batches(from: number): AsyncIterable<Batch>;
  /** What `size` counts; images unless given. */
  readonly unit?: string;
  /** Images, or what else is learned from, in a batch. */
  size(batch: Batch): number;
  /**
   * One step, numbered from 0, run inside a scope.
   * @returns what to log
   * @throws {NotFiniteError} a loss that is not finite, by its name
   */
  step(batch: Batch, at: number): Numbers;
  /** Whether `evaluate` is to be called when `done` steps are done. */
  due(done: number): boolean;
  /**
   * Finds out what `done` steps have come to, and ends what ends with them, such as a task. The loop saves before it, and
   * calls it again when the run is taken up there.
   */
  evaluate(done: number): Promise<Milestone>;
  /** Tensors and plain JSON from which `restore` goes on exactly. Tensors made for it are freed after the save. */
  snapshot(): { model: ReadonlyMap<string, Tensor>; optimizer: ReadonlyMap<string, Tensor>; state: object };
  restore(checkpoint: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void;
}

/** Whether an evaluation is due after `done` steps: at the end, and each time `every` steps are done. */
export const isDue = (done: number, steps: number, every = Number.POSITIVE_INFINITY): boolean =>
  done === steps || done % every === 0;

/** @file What a method gives the commands: training by a recipe, and the evaluation of a checkpoint. */

import type { LoadedCheckpoint } from "../train/checkpoint.ts";
import type { Numbers } from "../train/learner.ts";
import type { RunResult, TrainRunOptions } from "./run-types.ts";

/** What was found out: numbers for programs, lines for people. */
export interface Scores {
  numbers: Numbers;
  text: string;
}

/** How training is to run; the folder exists and is this process's alone. */
export type TrainPlace = TrainRunOptions & { device: string };

/** A checkpoint to look at. */
export interface Trained {
  /** The run's folder. */
  folder: string;
  /** Its tensors are freed by whoever loaded it. */
  checkpoint: LoadedCheckpoint;
  split: "train" | "test";
  device: string;
}

/** One way to a model. `R` is its recipe. */
export interface Method<R> {
  train(recipe: R, place: TrainPlace): Promise<RunResult>;
  /** As the method's paper evaluates. */
  evaluate(recipe: R, trained: Trained): Promise<Scores>;
}

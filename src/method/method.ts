/** @file What a method gives the commands: training by a recipe, and the evaluation of a checkpoint. */

import type { Split } from "../data/index.ts";
import type { Features } from "../evaluate/features.ts";
import type { Group } from "../tensor/index.ts";
import type { LoadedCheckpoint } from "../train/index.ts";
import type { Numbers } from "../train/learner.ts";
import type { RunResult, TrainRunOptions } from "./run-types.ts";

/** What was found out: numbers for programs, lines for people. */
export interface Scores {
  numbers: Numbers;
  text: string;
}

/** How training is to run; the folder exists and is this process's alone. */
export type TrainPlace = TrainRunOptions & {
  device: string;
  /** When to stop, in milliseconds of `performance.now()`. */
  deadline?: number;
  /** The processes that train together, where there are several; rank 0 alone writes into the folder. */
  across?: Group | undefined;
};

/** A checkpoint to look at. */
export interface Trained {
  /** The run's folder. */
  folder: string;
  /** Its tensors are freed by whoever loaded it. */
  checkpoint: LoadedCheckpoint;
  split: Split;
  device: string;
  /** The processes that evaluate together, where there are several: each takes its part of the images. */
  across?: Group | undefined;
}

/** One way to a model. `R` is its recipe. */
export interface Method<R> {
  /** Whether several processes train and evaluate as one does; others are refused. */
  readonly across?: boolean;
  train(recipe: R, place: TrainPlace): Promise<RunResult>;
  /** As the method's paper evaluates. */
  evaluate(recipe: R, trained: Trained): Promise<Scores>;
  /** What the model makes of the images of the split; not there where a method has no features. */
  features?(recipe: R, trained: Trained): Promise<NamedFeatures>;
}

/** Features with the names of the classes that their labels number. */
export interface NamedFeatures extends Features {
  classes: readonly string[];
}

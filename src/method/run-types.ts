/** @file What the command line asks of training, evaluation and inspection, and what it is told. */

import type { Split } from "../data/index.ts";
import type { Report } from "../measure/index.ts";
import type { Numbers } from "../train/learner.ts";
import type { Plan } from "../train/loop.ts";
import type { AnyRecipe } from "./entry.ts";

/** What every checkpoint of a run carries: the recipe, and what of the data the model depends on. */
export type RunConfig = AnyRecipe & {
  dataset: {
    fingerprint: string;
    channels: number;
    classes: readonly string[];
    /** Of a text's tokenizer. */
    vocabulary?: string;
  };
};

export interface TrainRunOptions {
  /** The run folder; it exists and can be written. */
  output: string;
  /** `auto` (newest good checkpoint, else a fresh start), `last`, `best`, or a checkpoint's folder. */
  resume?: string;
  progress: "auto" | "bar" | "plain" | "json" | "none";
  /** Write TensorBoard event files too. */
  tensorboard: boolean;
  /** Stop after this many optimiser steps in all. */
  maxSteps?: number;
  /** Stop after this many seconds, as on SIGTERM. */
  maxSeconds?: number;
  /** Resume even where the recipe differs from the run's. */
  allowConfigChange: boolean;
}

export interface RunResult {
  folder: string;
  /** Optimiser steps in all; layers, where a network is built. */
  steps: number;
  seconds: number;
  /** Of processors, user and system: what others do on the machine adds little to it. */
  processorSeconds: number;
  /** Of the whole run, which `maxSteps` may have ended before. */
  plan: Plan;
  /** The last evaluation. */
  numbers: Numbers;
  /** The same for people. */
  text: string;
}

export interface EvaluateOptions {
  /** `best`, `last` or the name of a checkpoint's folder. */
  checkpoint: string;
  split: Split;
}

export interface InspectOptions {
  checkpoint: string;
  /** Images that are measured. */
  samples: number;
  /** Folder for report.json and figures/; the run's own when it is not given. */
  output?: string;
  split: Split;
}

export interface Inspection {
  report: Report;
  /** The report in tables, ready to print. */
  table: string;
  /** Paths of the figures written. */
  figures: string[];
}

export type InspectRun = (folder: string, options: InspectOptions) => Promise<Inspection>;

/** @file What a sweep is asked for, and the programs that it calls. */

import type { Report } from "../measure/report-schema.ts";
import type { Layer } from "../method/recipe.ts";
import type { Plan } from "../train/loop.ts";
import type { Values } from "./grid.ts";
import type { Budget } from "./sweep-file.ts";

/** What a run says when it ends well. */
export interface Trained {
  steps: number;
  seconds: number;
  processorSeconds: number;
  plan: Plan;
}

/** How a program ended: with what it said, or an exit code. */
export type Ended<T> = { code: 0; said: T } | { code: number; said?: undefined };

/** The programs that a sweep calls, each in a process of its own. */
export interface Programs {
  /** Trains by a recipe file into `folder`/`run`, or goes on there. */
  train(recipe: string, place: { folder: string; run: string; maxSteps?: number }): Promise<Ended<Trained>>;
  /** The numbers of a run's best checkpoint on the test split. */
  test(run: string): Promise<Ended<Record<string, number>>>;
  /** The report of a run's best checkpoint on the validation split. */
  inspect(run: string): Promise<Ended<Pick<Report, "layers">>>;
}

export interface SweepOptions {
  /** The sweep's folder. */
  folder: string;
  /** The recipe that the settings are laid over. */
  layers: readonly Layer[];
  settings: readonly Values[];
  seeds: number;
  budget: Budget;
  /** Whether the layers of every run are measured, not only those of the chosen setting. */
  inspectAll?: boolean;
  programs: Programs;
  /** A line for people. */
  say: (text: string) => void;
}

/** Codes of a run that was stopped with a checkpoint: the sweep stops too. */
export const STOPPED = [75, 130];

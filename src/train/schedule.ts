/** @file Learning-rate schedules: functions of the progress through training. */

import { UsageError } from "../tensor/index.ts";

export interface ScheduleOptions {
  kind: "cosine" | "linear" | "step" | "constant";
  /** Length of training, and of the linear rise at its start, in the unit in which the schedule moves. */
  total: number;
  warmup: number;
}

/** Share of the length between two drops of `step`, and the factor of a drop. */
const STEP_EVERY = 1 / 3;
const STEP_FACTOR = 0.1;

/**
 * The factor on the learning rate at time t = 0, 1, …, total − 1:
 *
 *     min((t + 1) / warmup, f(t / total)),   f = ½(1 + cos πx) · 1 − x · 0.1^⌊3x⌋ · 1
 *
 * The fall runs from time 0, as in the authors' code: the warm-up does not shift it.
 */
export function schedule({ kind, total, warmup }: ScheduleOptions): (t: number) => number {
  if (!(total > 0)) throw new UsageError(`schedule: expected a length above 0, got ${total}`);
  const fall = {
    cosine: (x: number) => (1 + Math.cos(Math.PI * x)) / 2,
    linear: (x: number) => 1 - x,
    step: (x: number) => STEP_FACTOR ** Math.floor(x / STEP_EVERY + 1e-9),
    constant: () => 1,
  }[kind];
  return (t) => Math.min(warmup > 0 ? (t + 1) / warmup : 1, fall(Math.min(t / total, 1)));
}

/**
 * The factor on the learning rate at step t as nanoGPT has it: a linear rise that never is 0 and stays below 1, then half
 * a cosine down to `least`, which is reached at `total`:
 *
 *     (t + 1) / (warmup + 1) for t < warmup,   least + (1 − least) ½(1 + cos πx),   x = (t − warmup) / (total − warmup)
 */
export function warmupCosine(options: {
  total: number;
  warmup: number;
  least: number;
}): (t: number) => number {
  const { total, warmup, least } = options;
  return (t) => {
    if (t < warmup) return (t + 1) / (warmup + 1);
    const x = Math.min((t - warmup) / Math.max(1, total - warmup), 1);
    return least + ((1 - least) * (1 + Math.cos(Math.PI * x))) / 2;
  };
}

/**
 * The factor of the masked autoencoders' authors: a linear rise from 0, then a cosine from the end of it to 0,
 *
 *     t / warmup  below warmup,  ½ (1 + cos π (t − warmup)/(total − warmup))  from there on
 */
export function warmedCosine({ total, warmup }: Omit<ScheduleOptions, "kind">): (t: number) => number {
  if (!(total > 0)) throw new UsageError(`schedule: expected a length above 0, got ${total}`);
  return (t) =>
    t < warmup ? t / warmup : (1 + Math.cos((Math.PI * (t - warmup)) / Math.max(total - warmup, 1))) / 2;
}

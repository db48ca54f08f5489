/** @file How long a run may be for a budget of steps or of processor time, by what a few steps of it have taken. */

import { UsageError } from "../base/errors.ts";
import type { Plan } from "../train/loop.ts";
import type { MetricsRecord } from "../train/metrics.ts";

/** Steps of the trial that a budget of time is measured by. */
export const TRIAL_STEPS = 24;
/** Steps before measuring begins: the first ones allocate memory and choose kernels. */
const WARM_UP = 8;

/** Shares by which a model may differ from a budget of parameters. */
export const TOLERANCE = 0.05;

/** Seconds of processor time. */
export interface Cost {
  step: number;
  /** An evaluation, with the checkpoint that is saved beside it. */
  evaluation: number;
}

/**
 * What a step and an evaluation take, by a trial that logged every step and was evaluated at its end.
 * @param total seconds of the whole trial
 * @throws {UsageError} fewer steps than are needed
 */
export function costOf(records: readonly MetricsRecord[], total: number): Cost {
  const timed = records.flatMap(({ step, "time/processorSeconds": seconds }) =>
    typeof seconds === "number" ? [{ step, seconds }] : [],
  );
  const [first, last] = [timed.find(({ step }) => step >= WARM_UP), timed.at(-1)];
  if (first === undefined || last === undefined || last.step === first.step)
    throw new UsageError(
      `--budget-seconds: expected runs of more than ${WARM_UP} optimiser steps to measure, got ${last?.step ?? 0}`,
      { path: "--budget-seconds" },
    );
  const step = (last.seconds - first.seconds) / (last.step - first.step);
  return { step, evaluation: Math.max(0, total - last.seconds) };
}

/** Seconds of a run of so many units, each an epoch or, without epochs, a step: n · unit · step + evaluations · evaluation. */
function seconds(n: number, { perEpoch = 1, evalEvery }: Plan, { step, evaluation }: Cost): number {
  const steps = n * perEpoch;
  const evaluations = evalEvery === undefined ? 1 : Math.ceil(steps / evalEvery);
  return steps * step + evaluations * evaluation;
}

/** The most epochs, or steps without epochs, that take at most `budget` seconds of processor time; 0 where one is too long. */
export function lengthInSeconds(budget: number, plan: Plan, cost: Cost): number {
  let [low, high] = [0, 1];
  while (seconds(high, plan, cost) <= budget) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (seconds(middle, plan, cost) <= budget) low = middle;
    else high = middle;
  }
  return low;
}

/** The epochs that are nearest to so many steps, at least one; the steps themselves without epochs. */
export const lengthInSteps = (budget: number, { perEpoch = 1 }: Plan): number =>
  Math.max(1, Math.round(budget / perEpoch));

/** Why a model is out of a budget of parameters, if it is. */
export function outOfParameters(budget: number, parameters: number): string | undefined {
  const more = parameters - budget;
  if (Math.abs(more) <= TOLERANCE * budget) return undefined;
  const percent = `${((100 * Math.abs(more)) / budget).toFixed(0)} % ${more > 0 ? "more" : "fewer"}`;
  return `${parameters.toLocaleString("en-US")} parameters, ${percent} than the budget of ${budget.toLocaleString("en-US")}`;
}

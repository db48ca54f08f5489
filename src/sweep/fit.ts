/** @file Before a sweep runs: what cannot be run is refused, and budgets become epochs or steps by a trial of each setting. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { makeFolder } from "../base/write-file.ts";
import { type Recipe, resolveRecipe } from "../method/recipe.ts";
import { readMetrics } from "../train/metrics.ts";
import { parametersOf } from "./best-evaluation.ts";
import { costOf, lengthInSeconds, lengthInSteps, outOfParameters, TRIAL_STEPS } from "./budget.ts";
import { inWords } from "./grid.ts";
import { STOPPED, type SweepOptions } from "./programs.ts";
import { lengthKey, recipeOf, written } from "./setting-recipe.ts";
import type { Budget, Sweep, SweepSetting } from "./sweep-file.ts";

/** Refuses what cannot be run, and finds how long the others may be. @returns the code of a trial that was stopped */
export async function fitAll(
  sweep: Sweep,
  options: SweepOptions,
  keep: () => void,
): Promise<number | undefined> {
  const { budget } = sweep;
  const { steps, processorSeconds: seconds, parameters } = budget;
  const isTried = steps !== undefined || seconds !== undefined || parameters !== undefined;
  if (steps !== undefined || seconds !== undefined) lengthKey(resolveRecipe(options.layers).recipe);
  for (const setting of sweep.settings) {
    try {
      recipeOf(options, setting, setting.runs[0]!.seed);
      const isFitted = setting.length !== undefined || (steps === undefined && seconds === undefined);
      if (isTried && !(isFitted && setting.parameters !== undefined)) {
        options.say(`sweep: a trial of ${inWords(setting.values)}`);
        const code = await fit(setting, budget, options);
        if (STOPPED.includes(code)) return code;
        recipeOf(options, setting, setting.runs[0]!.seed);
      }
      const why = parameters && outOfParameters(parameters, setting.parameters!);
      if (why) setting.problem = why;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      setting.problem = error.message;
    }
    if (setting.problem !== undefined)
      options.say(`sweep: left out ${inWords(setting.values)}: ${setting.problem}`);
    keep();
  }
  return undefined;
}

/** Runs a few steps of a setting, to know its parameters and what its steps take. */
async function fit(setting: SweepSetting, budget: Budget, options: SweepOptions): Promise<number> {
  const { folder, programs } = options;
  const { seed } = setting.runs[0]!;
  const recipe = recipeOf(options, setting, seed);
  const logged = { ...recipe, train: { ...recipe.train, logInterval: 1 } } as Recipe;
  const trials = join(folder, ".trials");
  makeFolder(trials);
  rmSync(join(trials, setting.name), { recursive: true, force: true });
  const maxSteps = budget.processorSeconds === undefined ? 1 : TRIAL_STEPS;
  const path = written(folder, `trial-${setting.name}`, logged);
  const { code, said } = await programs.train(path, { folder: trials, run: setting.name, maxSteps });
  if (said === undefined) {
    if (!STOPPED.includes(code)) setting.problem = `its trial ended with exit code ${code}`;
    return code;
  }
  const trial = join(trials, setting.name);
  setting.parameters = parametersOf(trial);
  if (budget.steps !== undefined) setting.length = lengthInSteps(budget.steps, said.plan);
  if (budget.processorSeconds !== undefined) {
    const cost = costOf(readMetrics(join(trial, "metrics.jsonl")), said.processorSeconds);
    setting.length = lengthInSeconds(budget.processorSeconds, said.plan, cost);
    if (setting.length === 0) {
      delete setting.length;
      setting.problem = `an epoch takes more than ${budget.processorSeconds} s of processor time`;
    }
  }
  rmSync(trial, { recursive: true, force: true });
  return 0;
}

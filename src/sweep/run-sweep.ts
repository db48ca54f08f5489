/** @file A sweep: its runs one after the other, each as any other run; what is done is kept, what is not is gone on with. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { csv } from "../base/csv.ts";
import { UsageError } from "../base/errors.ts";
import { makeFolder, writeFileAtomic } from "../base/write-file.ts";
import { forwardFlops } from "../method/forward-flops.ts";
import { type Recipe, resolveRecipe } from "../method/recipe.ts";
import { keyAt } from "../method/recipe-keys.ts";
import { bestEvaluation, figureIn, parametersOf } from "./best-evaluation.ts";
import { fitAll } from "./fit.ts";
import { inWords, settingName } from "./grid.ts";
import { STOPPED, type SweepOptions, type Trained } from "./programs.ts";
import { recipeOf, written } from "./setting-recipe.ts";
import { choose, runTable } from "./summary.ts";
import { readSweep, type Sweep, type SweepRun, type SweepSetting, writeSweep } from "./sweep-file.ts";

/**
 * Runs what of the sweep has not run yet, and evaluates the chosen setting on the test split when all has.
 * @returns the sweep, and an exit code: 0, 1 where a setting was refused or a run failed, that of a run that was stopped
 * @throws {UsageError} a recipe that is wrong, or another one than the folder's sweep has
 */
export async function runSweep(options: SweepOptions): Promise<{ sweep: Sweep; code: number }> {
  const { folder, say } = options;
  makeFolder(folder);
  const sweep = began(options);
  const keep = () => {
    writeSweep(folder, sweep);
    writeFileAtomic(join(folder, "sweep.csv"), csv(runTable(sweep)));
  };
  keep();
  const stopped = (await fitAll(sweep, options, keep)) ?? (await runAll(sweep, options, keep));
  if (stopped !== undefined) return { sweep, code: stopped };
  const chosen = choose(sweep);
  if (chosen === undefined)
    say("sweep: no setting has run with every seed and a score, so that none is chosen");
  else await testChosen(sweep, chosen, options);
  for (const setting of options.inspectAll ? sweep.settings : chosen ? [chosen] : [])
    await inspectRuns(setting, options);
  keep();
  return { sweep, code: sweep.settings.some(isLacking) ? 1 : 0 };
}

const isLacking = ({ problem, runs }: SweepSetting): boolean =>
  problem !== undefined || runs.some(({ state }) => state !== "done");

/** The folder's sweep with these settings added to it, or a new one. */
function began({ folder, layers, settings, seeds, budget }: SweepOptions): Sweep {
  const { recipe } = resolveRecipe(layers);
  const known = readSweep(folder);
  const asked = { recipe: JSON.parse(JSON.stringify(recipe)), budget };
  const [now, then] = [asked, known && { recipe: known.recipe, budget: known.budget }].map((each) =>
    JSON.stringify(each),
  );
  if (known !== undefined && now !== then)
    throw new UsageError(
      `${folder} has a sweep of another recipe, other settings beside --set, or another budget; give the same, or another --output`,
      { path: folder },
    );
  const sweep: Sweep = known ?? { format: "vitrine-sweep", version: 1, ...asked, settings: [] };
  for (const values of settings) {
    const name = settingName(values);
    const known = sweep.settings.find((each) => each.name === name);
    const setting: SweepSetting = known ?? { name, values: { ...values }, runs: [] };
    if (known === undefined) sweep.settings.push(setting);
    delete setting.problem; // what was refused is looked at again
    for (let i = 0; i < seeds; i++) addRun(setting, recipe.seed + i);
  }
  for (const { runs } of sweep.settings)
    for (const run of runs) if (!existsSync(join(folder, run.run, "recipe.json"))) forget(run);
  return sweep;
}

function addRun({ name, runs }: SweepSetting, seed: number): void {
  if (runs.every((run) => run.seed !== seed))
    runs.push({ run: `${name}_seed-${seed}`, seed, state: "waiting" });
}

/** A run whose folder was removed is to be made again. */
function forget(run: SweepRun): void {
  for (const key of Object.keys(run)) if (key !== "run" && key !== "seed") delete run[key as keyof SweepRun];
  run.state = "waiting";
}

/** Seed by seed, so that a part of the sweep compares too. @returns the code of a run that was stopped */
async function runAll(sweep: Sweep, options: SweepOptions, keep: () => void): Promise<number | undefined> {
  const { folder, programs, say } = options;
  const open = sweep.settings.filter(({ problem }) => problem === undefined);
  const all = open.flatMap((setting) => setting.runs.map((run) => ({ setting, run })));
  const left = all.filter(({ run }) => run.state !== "done").sort((a, b) => a.run.seed - b.run.seed);
  const known = all.length - left.length;
  if (known > 0) say(`sweep: ${known} of ${all.length} runs are done already`);
  const started = performance.now();
  for (const [i, { setting, run }] of left.entries()) {
    const [spent, rest] = [(performance.now() - started) / 60_000, left.length - i];
    const time = i === 0 ? "" : `, about ${Math.ceil((spent / i) * rest)} min left`;
    say(`sweep: run ${known + i + 1} of ${all.length}, ${inWords(setting.values)}, seed ${run.seed}${time}`);
    const path = written(folder, run.run, recipeOf(options, setting, run.seed));
    const { code, said } = await programs.train(path, { folder, run: run.run });
    forget(run);
    if (said !== undefined) {
      await take(sweep, setting, run, said, join(folder, run.run));
    } else if (STOPPED.includes(code)) return code;
    else {
      Object.assign(run, { state: "failed", code });
      say(`sweep: failed with exit code ${code}: ${run.run}; calling the sweep again tries it again`);
    }
    keep();
  }
  return undefined;
}

async function take(
  sweep: Sweep,
  setting: SweepSetting,
  run: SweepRun,
  said: Trained,
  path: string,
): Promise<void> {
  const { steps, seconds, processorSeconds } = said;
  Object.assign(run, { state: "done", steps, seconds, processorSeconds });
  setting.parameters ??= parametersOf(path);
  const flops = setting.flops ?? (await forwardFlops(path));
  if (flops !== undefined) setting.flops = flops;
  const best = bestEvaluation(path);
  if (best === undefined) return;
  sweep.figure ??= best.figure;
  Object.assign(run, { validation: best.value, score: best.score });
}

/** Evaluates the runs of the chosen setting on the test split, which nothing was chosen by. */
async function testChosen(sweep: Sweep, chosen: SweepSetting, options: SweepOptions): Promise<void> {
  const { folder, programs, say } = options;
  if (sweep.chosen !== chosen.name)
    for (const run of sweep.settings.flatMap(({ runs }) => runs)) {
      delete run.test;
      delete run.scores;
    }
  sweep.chosen = chosen.name;
  if (!hasTest(chosen.runs[0]!, folder)) return;
  for (const run of chosen.runs.filter(({ test }) => test === undefined)) {
    const { code, said } = await programs.test(join(folder, run.run));
    const test = said && figureIn(said, sweep.figure!);
    if (test === undefined)
      say(`sweep: ${run.run} has no ${sweep.figure} on the test split (exit code ${code})`);
    else Object.assign(run, { test, scores: numbersOf(said!) });
  }
}

/** What is no number, such as the loss of a model that gives none, is left out. */
const numbersOf = (said: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(said).filter((each): each is [string, number] => Number.isFinite(each[1])),
  );

/** Looks into the runs of a setting that have ended, where they hold images out; what has no subspaces has no rates. */
async function inspectRuns({ runs }: SweepSetting, { folder, programs, say }: SweepOptions): Promise<void> {
  const done = runs.filter(({ state, rates }) => state === "done" && rates === undefined);
  for (const run of done.filter((each) => hasTest(each, folder))) {
    const { code, said } = await programs.inspect(join(folder, run.run));
    if (said === undefined) say(`sweep: ${run.run} was not inspected (exit code ${code})`);
    else run.rates = (said.layers?.[0]?.after ?? []).flatMap(({ authorsRate }) => authorsRate?.mean ?? []);
  }
}

/** Whether a run held out a validation split, so that the test split is another one. */
function hasTest({ run }: SweepRun, folder: string): boolean {
  const { method, data } = JSON.parse(readFileSync(join(folder, run, "recipe.json"), "utf8")) as Recipe;
  return keyAt("data.validation", method.name) !== undefined && "validation" in data;
}

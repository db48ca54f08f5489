/** @file Classifiers by recipe: training and evaluation. */

import { join } from "node:path";
import { writeFileAtomic } from "../../base/write-file.ts";
import { Trainer } from "../../train/trainer.ts";
import { beginFrom, INIT_FILE } from "../../train/weights/begin.ts";
import { batchOptions, buildModel, openSplit, type Splits, withSplits } from "../build.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import { requireClasses } from "../requirements.ts";
import { beginRun } from "../resume.ts";
import type { Evaluation, RunResult } from "../run-types.ts";
import { layerDecay } from "./layer-decay.ts";
import { restoreModel } from "./load.ts";
import type { SupervisedRecipe as Recipe } from "./recipe.ts";
import { evaluateClassifier, Supervised } from "./supervised.ts";

/** Trains by a recipe on data that is open already. The folder exists, and no other process writes to it. */
export async function trainOn(splits: Splits, recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  const { train, test } = splits;
  const { output: folder, device, maxSteps, deadline, progress, tensorboard } = place;
  const {
    optimizer,
    weightDecay,
    betas,
    momentum,
    layerDecay: decay,
    threads: _,
    deterministic: __,
    ...settings
  } = recipe.train;
  requireClasses(train);
  using model = buildModel(recipe, train).to(device);
  const batch = batchOptions(recipe, train, device);
  const task = new Supervised(model, { smoothing: recipe.method.smoothing, train, test, batch });
  const { config, resume } = beginRun(recipe, train, place);
  const { init, initKey } = recipe.method;
  if (init !== undefined && resume === undefined)
    writeFileAtomic(join(folder, INIT_FILE), beginFrom({ init, initKey }, model, recipe.model, place));
  const rule = {
    name: optimizer,
    weightDecay,
    ...(betas && { betas }),
    ...(momentum !== undefined && { momentum }),
    ...(decay < 1 && { scales: layerDecay(decay, model.options.depth) }),
  };
  const where = { folder, device, maxSteps, deadline, progress, tensorboard };
  const trainer = new Trainer(task, { ...settings, ...where, config, optimizer: rule });
  const { steps, epochs, seconds, evaluation } = await trainer.run(resume);
  const { top1, loss } = evaluation;
  const text = `test accuracy ${(100 * top1).toFixed(1)} %, loss ${loss.toFixed(4)}, after ${epochs} epochs`;
  return { folder, steps, seconds, numbers: { ...evaluation, epochs }, text };
}

async function evaluate(recipe: Recipe, { checkpoint, split, device }: Trained): Promise<Scores> {
  using model = restoreModel(recipe, checkpoint).to(device);
  const source = await openSplit(recipe, split);
  try {
    return scoresOf(await evaluateClassifier(model, source, batchOptions(recipe, source, device)));
  } finally {
    await source.close();
  }
}

function scoresOf(evaluation: Evaluation): Scores {
  const { top1, top5, loss, count } = evaluation;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const text = `top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)} on ${count.toLocaleString("en")} images`;
  return { numbers: { ...evaluation }, text };
}

export const supervisedMethod: Method<Recipe> = {
  train: (recipe, place) => withSplits(recipe, (splits) => trainOn(splits, recipe, place)),
  evaluate,
};

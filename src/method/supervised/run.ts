/** @file Classifiers by recipe: training and evaluation. */

import { join } from "node:path";
import { inPercent, percent } from "../../base/percent.ts";
import { writeFileAtomic } from "../../base/write-file.ts";
import { familyOf, type LayerOf } from "../../model/index.ts";
import { UsageError } from "../../tensor/index.ts";
import { beginFrom, INIT_FILE } from "../../train/weights/begin.ts";
import { batchOptions, buildModel, openSplit, type Splits, withSplits } from "../build.ts";
import { goOnWith } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import { requireBatch, requireClasses } from "../requirements.ts";
import { beginRun } from "../resume.ts";
import type { RunResult } from "../run-types.ts";
import { evenImages } from "../watched.ts";
import { withResident } from "../with-resident.ts";
import { layerDecay } from "./layer-decay.ts";
import { SupervisedLearner } from "./learner.ts";
import { restoreModel } from "./load.ts";
import type { SupervisedRecipe as Recipe } from "./recipe.ts";
import { type Evaluation, evaluateClassifier } from "./supervised.ts";

/** Trains by a recipe on data that is open already. The folder exists, and no other process writes to it. */
export async function trainOn(splits: Splits, recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  const { train } = splits;
  const { optimizer, weightDecay, betas, momentum, layerDecay: decay, ...settings } = recipe.train;
  requireClasses(train);
  using model = buildModel(recipe, train).to(place.device);
  const batch = batchOptions(recipe, train, place.device);
  requireBatch(train, batch.batchSize, { nets: [model] }); // before anything is written
  const scales = decay < 1 ? layerDecay(decay, model.namedParameters().keys(), layersOf(recipe)) : undefined;
  const begun = beginRun(recipe, train, place);
  const { init, initKey, smoothing, orthogonal } = recipe.method;
  const { across } = place;
  if (init !== undefined && begun.resume === undefined) {
    const told = await beginFrom({ init, initKey }, model, recipe.model, place);
    if ((across?.rank ?? 0) === 0) writeFileAtomic(join(place.output, INIT_FILE), told);
  }
  using learner = new SupervisedLearner(model, {
    ...{ ...splits, ...settings, batch, smoothing, orthogonal, across },
    optimizer: { name: optimizer, weightDecay, betas, momentum, scales },
  });
  const { checkpointEvery = learner.perEpoch } = recipe.train;
  const kept = { ...recipe, train: { ...recipe.train, checkpointEvery } };
  const watched = { model, samples: evenImages(splits.test, batch), patch: recipe.model.patch };
  return await goOnWith(learner, begun, kept, place, { watched, measured: splits.measured });
}

/** @throws {UsageError} a model whose parameters are of no layers */
function layersOf({ model }: Recipe): LayerOf {
  const { layerOf } = familyOf(model.name, "classifier").family;
  if (layerOf !== undefined) return layerOf;
  throw new UsageError(`train.layerDecay: ${model.name} has no layers; set it to 1`, {
    path: "train.layerDecay",
  });
}

async function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  using model = restoreModel(recipe, checkpoint).to(device);
  const source = await openSplit(recipe, split);
  try {
    const batch = batchOptions(recipe, source, device);
    return scoresOf(await evaluateClassifier(model, source, batch, across));
  } finally {
    await source.close();
  }
}

function scoresOf(evaluation: Evaluation): Scores {
  const { top1, top5, loss, count } = evaluation;
  const text = `top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)} on ${count.toLocaleString("en")} images`;
  return { numbers: { ...evaluation, ...inPercent({ top1, top5 }) }, text };
}

export const supervisedMethod: Method<Recipe> = {
  across: true,
  train: (recipe, place) =>
    withSplits(recipe, (splits) =>
      withResident(splits, recipe, place, (kept) => trainOn(kept, recipe, place)),
    ),
  evaluate,
};

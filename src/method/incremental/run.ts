/** @file Classes in groups, learned by other means than i-CTRL: the table that it is compared in. */

import { imageSource, measuredSplit } from "../../data/index.ts";
import { random, UsageError } from "../../tensor/index.ts";
import { reading } from "../../train/checkpoint.ts";
import type { Learner } from "../../train/index.ts";
import { openWhole } from "../build.ts";
import { AGem } from "../ictrl/comparators/a-gem.ts";
import { fineTuning } from "../ictrl/comparators/fine-tuning.ts";
import { Icarl } from "../ictrl/comparators/icarl.ts";
import { Lwf } from "../ictrl/comparators/lwf.ts";
import type { Strategy } from "../ictrl/comparators/strategy.ts";
import { splitClasses } from "../ictrl/tasks.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import {
  requireBatch,
  requireClasses,
  requireEachClass,
  requireGroups,
  sayLeftOut,
} from "../requirements.ts";
import type { RunResult } from "../run-types.ts";
import { groupStateOf, scoresOf } from "./groups.ts";
import { IncrementalLearner } from "./learner.ts";
import type { IncrementalRecipe as Recipe } from "./recipe.ts";
import { IncrementalReduNetLearner } from "./redunet-learner.ts";

/** The encoder's images. */
const SIDE = 32;

function strategyOf({ method }: Recipe, classes: number): Strategy {
  const perClass = Math.floor(method.memory / classes);
  if (method.strategy === "lwf") return new Lwf();
  if (method.strategy === "icarl") return new Icarl(method.memory);
  return method.strategy === "a-gem" ? new AGem({ perClass }) : fineTuning();
}

async function splitsOf({ data, model, seed }: Recipe) {
  const sized = { data, seed, model: { ...model, imageSize: SIDE } };
  return { train: await openWhole(sized, "train"), test: await openWhole(sized, measuredSplit(data)) };
}

type Splits = Awaited<ReturnType<typeof splitsOf>>;

type Net<Name extends string> = Extract<Recipe["model"], { name: Name }>;

function byGrams({ layers, eta, sharpness }: Net<"redunet">, { method }: Recipe, splits: Splits) {
  const { tasks, epsilon } = method;
  return new IncrementalReduNetLearner({ ...splits, tasks, layers, eta, sharpness, epsilon });
}

function bySteps(model: Net<"classifier">, recipe: Recipe, splits: Splits, place: TrainPlace) {
  const { device, progress } = place;
  const { method, train, seed } = recipe;
  const { epochs, batchSize, lr, precision, clipGrad } = train;
  const learner = new IncrementalLearner(strategyOf(recipe, splits.train.classes.length), {
    ...{ ...splits, tasks: method.tasks, epochs, batchSize, lr, device, random: random(seed) },
    ...{ precision, clipGrad },
    ...{ imageSize: SIDE, features: model.features, width: model.width },
  });
  sayLeftOut(learner.sets, progress);
  return learner;
}

/** @throws {UsageError} data that cannot be learned from in these groups, a memory without room for every class */
function checkIncremental({ method, train: { batchSize } }: Recipe, { train, test }: Splits): void {
  const { strategy, tasks, memory } = method;
  requireClasses(train);
  requireEachClass(train);
  const groups = splitClasses(train.classes.length, tasks);
  requireGroups(groups, test, 1);
  if (strategy === "redunet") return;
  requireGroups(groups, train, 2);
  requireBatch(train, Math.min(batchSize, train.count), {
    least: "batch normalisation compares the images of a batch",
  });
  const classes = train.classes.length;
  if ((strategy === "icarl" || strategy === "a-gem") && memory < classes)
    throw new UsageError(
      `method.memory: expected room for an image of each of the ${classes} classes, got ${memory}`,
      { path: "method.memory" },
    );
}

async function train(recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  const splits = await splitsOf(recipe);
  checkIncremental(recipe, splits);
  const run = async <B>(made: Learner<B> & Disposable) => {
    using learner = made;
    return await trainLearner(learner, recipe, imageSource(splits.train), place);
  };
  const { model } = recipe;
  if (model.name === "redunet") return await run(byGrams(model, recipe, splits));
  return await run(bySteps(model, recipe, splits, place));
}

/**
 * What was noted while training: later groups cannot be tested without having learned them.
 * @throws {UsageError} a split that it was not noted on
 */
async function evaluate({ data }: Recipe, { checkpoint, split }: Trained): Promise<Scores> {
  const measured = measuredSplit(data);
  if (split !== measured)
    throw new UsageError(
      `split ${split}: accuracies of groups were noted while training, on the ${measured} split; give --split ${measured}`,
      { path: "split" },
    );
  return reading(checkpoint, () => scoresOf(groupStateOf(checkpoint)));
}

export const incrementalMethod: Method<Recipe> = { train, evaluate };

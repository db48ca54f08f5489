/** @file Closed-loop transcription of classes in groups, by recipe. */

import { inPercent, percent } from "../../base/percent.ts";
import { imageSource, measuredSplit, type Split } from "../../data/index.ts";
import { random, UsageError } from "../../tensor/index.ts";
import { reading } from "../../train/checkpoint.ts";
import { stateOf } from "../../train/position.ts";
import { openWhole } from "../build.ts";
import { buildPlayers, closedLoopFeatures, restorePlayers, withImageSize } from "../ctrl/run.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import {
  requireComponents,
  requireEachClass,
  requireGroups,
  requireOfEach,
  sayLeftOut,
} from "../requirements.ts";
import type { RunResult } from "../run-types.ts";
import { addTaskAccuracies, type TaskMeasure } from "./evaluate.ts";
import { IctrlLearner } from "./learner.ts";
import type { IctrlRecipe as Recipe } from "./recipe.ts";
import { lastAndAverage, type Progression, progressionTable, splitClasses } from "./tasks.ts";

async function splitsOf(recipe: Recipe, split: Split) {
  const sized = withImageSize(recipe);
  const [train, test] = [await openWhole(sized, "train"), await openWhole(sized, split)];
  return { train, test, imageSize: sized.model.imageSize };
}

/** @throws {UsageError} data of which no memory can be kept, or that the evaluations cannot be made of */
function checkIctrl({ model, method }: Recipe, { train, test }: Pick<TaskMeasure, "train" | "test">): void {
  const { tasks, nearest, directions, components, reviews } = method;
  const groups = splitClasses(train.classes.length, tasks);
  requireEachClass(train);
  requireOfEach("method.nearest", nearest, train);
  requireComponents(components, train, model.features);
  requireGroups(groups, test, 1);
  if (directions > model.features)
    throw new UsageError(
      `method.directions: expected at most the ${model.features} dimensions of the features, got ${directions}`,
      { path: "method.directions" },
    );
  if (reviews > 0 && tasks < 2)
    throw new UsageError(
      `method.reviews: expected 0 with one group, which has no others to be reviewed with, got ${reviews}`,
      { path: "method.reviews" },
    );
}

async function train(recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  const splits = await splitsOf(recipe, measuredSplit(recipe.data));
  const { name: _, ...method } = recipe.method;
  checkIctrl(recipe, splits);
  const { firstSteps, firstBatchSize, firstLr, epochs, batchSize, lr } = recipe.train;
  using players = buildPlayers(recipe, splits.train.channels, place.device, place.across);
  using learner = new IctrlLearner(players, {
    ...{ ...splits, device: place.device, random: random(recipe.seed), ...method },
    first: { steps: firstSteps, batchSize: firstBatchSize, lr: firstLr },
    ...{ epochs, lr, batchSize, across: place.across },
  });
  sayLeftOut(learner.sets, place.progress);
  const { channels, classes } = splits.train;
  const fingerprint = () => imageSource(splits.train).fingerprint();
  return await trainLearner(learner, recipe, { fingerprint, channels, classes }, place);
}

/** The accuracies noted while training, and those of the checkpoint on all groups. */
async function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  const splits = await splitsOf(recipe, split);
  using players = restorePlayers(recipe, checkpoint, device);
  const { last, average, table } = reading(checkpoint, () => {
    const { progression } = stateOf(checkpoint, "groups") as { progression: Progression };
    return { ...lastAndAverage(progression), table: progressionTable(progression) };
  });
  const { tasks, components } = recipe.method;
  const options = { ...splits, device, components, across };
  const now: Progression = { matrix: [], seen: [] };
  const groups = splitClasses(splits.train.classes.length, tasks);
  await addTaskAccuracies(now, players.nets.encoder, groups, options);
  const bytes = [...checkpoint.model]
    .filter(([name]) => name.startsWith("memory."))
    .reduce((sum, [, Z]) => sum + 4 * Z.numel, 0);
  const text = [
    `Last ${percent(last)}, Avg ${percent(average)} (noted while training), memory ${bytes.toLocaleString("en")} bytes`,
    `this checkpoint on all ${tasks} groups: ${percent(now.seen.at(-1)!)}, by group ${now.matrix.at(-1)!.map(percent).join(", ")}`,
    "",
    table,
  ].join("\n");
  return { numbers: { ...inPercent({ last, average, now: now.seen.at(-1)! }), memoryBytes: bytes }, text };
}

export const ictrlMethod: Method<Recipe> = { across: true, train, evaluate, features: closedLoopFeatures };

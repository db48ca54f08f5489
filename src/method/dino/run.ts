/** @file Self-distillation by recipe: training, and what the teacher's features are worth. */

import { areaOf, sameSize } from "../../base/size.ts";
import { type ImageSource, normalisation } from "../../data/index.ts";
import { featuresOf, type ImageOptions } from "../../evaluate/features.ts";
import { createModel, DinoNet } from "../../model/index.ts";
import { random } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { openSplit, withSplits } from "../build.ts";
import { baselines, type EncoderScoreOptions, encoderScores, neighbourScore } from "../encoder-scores.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, NamedFeatures, Scores, Trained, TrainPlace } from "../method.ts";
import type { RunConfig } from "../run-types.ts";
import { evenImages } from "../watched.ts";
import { DinoLearner } from "./learner.ts";
import { DinoPair } from "./pair.ts";
import type { DinoRecipe as Recipe } from "./recipe.ts";

/** A student and a teacher, freshly started: the same weights for the same seed; the caller frees them. */
export function buildPair({ model, method, seed }: Recipe, given: number): DinoPair {
  const { name, hidden, bottleneck, prototypes: count, unitPrototypes, channels = given, ...sizes } = model;
  const draws = random(seed).at("model");
  const prototypes = method.objective === "dino" ? count : undefined;
  const head = { hidden, bottleneck, unitPrototypes, ...(prototypes !== undefined && { prototypes }) };
  const build = () => new DinoNet(createModel(name, { channels, ...sizes }, draws, "backbone"), head, draws);
  return new DinoPair(build, prototypes);
}

/** The pair of a checkpoint; the caller frees it. */
export function restorePair(recipe: Recipe, { config, model }: LoadedCheckpoint): DinoPair {
  const pair = buildPair(recipe, (config as RunConfig).dataset.channels);
  try {
    return pair.load(model);
  } catch (error) {
    pair.dispose();
    throw error;
  }
}

/** How whole images are given to the teacher. */
export function dinoImages({ model, data }: Recipe, source: ImageSource, device: string): ImageOptions {
  const { imageSize } = model;
  const other = !sameSize(imageSize, [source.height, source.width]);
  return { device, normalise: normalisation(source, data.normalise), ...(other && { imageSize }) };
}

function train(recipe: Recipe, place: TrainPlace) {
  return withSplits(recipe, async (splits) => {
    const { device } = place;
    using pair = buildPair(recipe, splits.train.channels).to(device);
    const { method, model } = recipe;
    const { localCrops, localSize, globalScale, localScale, alignment, epsilon, spread } = method;
    const { batchSize, epochs, lr, minLr, warmupEpochs, weightDecay, weightDecayEnd, ...rest } = recipe.train;
    using learner = new DinoLearner(pair, {
      ...{ train: splits.train, random: random(recipe.seed), batch: { batchSize, device } },
      across: place.across,
      crops: {
        ...{ imageSize: model.imageSize, localSize, localCrops, globalScale, localScale },
        normalise: normalisation(splits.train, recipe.data.normalise),
      },
      ...{ epochs, lr, minLr, warmupEpochs, weightDecay: [weightDecay, weightDecayEnd] },
      ...{
        optimizer: rest.optimizer,
        clipGrad: rest.clipGrad,
        precision: rest.precision,
        evalEvery: rest.evalEvery,
        shardOptimizer: rest.shardOptimizer,
      },
      teacherMomentum: method.teacherMomentum,
      targets: {
        studentTemperature: method.studentTemperature,
        teacherTemperature: {
          from: method.firstTemperature,
          to: method.teacherTemperature,
          epochs: method.temperatureEpochs,
        },
        centreMomentum: method.centreMomentum,
        frozenEpochs: method.frozenEpochs,
      },
      simdino: { alignment, epsilon, spread },
      evaluate: async () => {
        const { share, text } = await neighbourScore(pair, splits, scoredBy(recipe, place));
        return { numbers: { "eval/knn": 100 * share }, score: share, scored: "eval/knn", text };
      },
    });
    const { backbone } = pair.teacher;
    const images = dinoImages(recipe, splits.test, device);
    const watched = { model: backbone, samples: evenImages(splits.test, images), patch: model.patch };
    return await trainLearner(learner, recipe, splits.train, place, { watched, measured: splits.measured });
  });
}

const scoredBy = (
  recipe: Recipe,
  { device, across }: Pick<TrainPlace, "device" | "across">,
): EncoderScoreOptions => ({
  images: (source) => dinoImages(recipe, source, device),
  neighbours: recipe.method.neighbours,
  across,
});

function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  return withSplits(
    recipe,
    async (splits) => {
      using pair = restorePair(recipe, checkpoint).to(device);
      using untrained = buildPair(recipe, splits.train.channels).to(device);
      const pixels = splits.train.channels * areaOf(recipe.model.imageSize);
      const { numbers, text } = await encoderScores(
        [{ key: "teacher", label: "teacher", module: pair }, ...baselines(untrained, pixels)],
        splits,
        scoredBy(recipe, { device, across }),
        random(recipe.seed).at("probe"),
      );
      return { numbers: { ...numbers, count: splits.test.count }, text };
    },
    split,
  );
}

/** The teacher's, [n, d]. */
async function features(recipe: Recipe, { checkpoint, split, device }: Trained): Promise<NamedFeatures> {
  using pair = restorePair(recipe, checkpoint).to(device);
  const source = await openSplit(recipe, split);
  try {
    const found = await featuresOf(pair, source, dinoImages(recipe, source, device));
    return { ...found, classes: source.classes };
  } finally {
    await source.close();
  }
}

export const dinoMethod: Method<Recipe> = { across: true, train, evaluate, features };

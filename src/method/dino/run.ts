/** @file Self-distillation by recipe: training, and what the teacher's features are worth. */

import { percent } from "../../base/percent.ts";
import { areaOf, sameSize } from "../../base/size.ts";
import { type ImageSource, normalisation } from "../../data/index.ts";
import { accuracy, knn } from "../../evaluate/classify/index.ts";
import { type Features, featuresOf, type ImageOptions } from "../../evaluate/features.ts";
import { FeatureModule, inWords, probeScores } from "../../evaluate/probe-scores.ts";
import { createModel, DinoNet } from "../../model/index.ts";
import type { Module } from "../../nn/index.ts";
import { type Group, random } from "../../tensor/index.ts";
import { wholeOf } from "../../train/epochs.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { openSplit, type Splits, withSplits } from "../build.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, NamedFeatures, Scores, Trained, TrainPlace } from "../method.ts";
import type { RunConfig } from "../run-types.ts";
import { evenImages } from "../watched.ts";
import { DinoLearner } from "./learner.ts";
import { DinoPair } from "./pair.ts";
import type { DinoRecipe as Recipe } from "./recipe.ts";

/** Of a neighbour's vote in the authors' evaluation. */
const VOTE_TEMPERATURE = 0.07;
/** Pixels are probed up to so many numbers an image: the closed form has a matrix of their square. */
const MOST_PIXELS = 4096;

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
        const found = await scored(pair, splits, recipe, place, neighbours);
        return {
          numbers: { "eval/knn": 100 * found },
          score: found,
          scored: "eval/knn",
          text: neighboursInWords(recipe, splits, found),
        };
      },
    });
    const { backbone } = pair.teacher;
    const images = dinoImages(recipe, splits.test, device);
    const watched = { model: backbone, samples: evenImages(splits.test, images), patch: model.patch };
    return await trainLearner(learner, recipe, splits.train, place, { watched, measured: splits.measured });
  });
}

const neighboursInWords = ({ method }: Recipe, { train }: Splits, share: number): string =>
  `${neighboursOf(method, train.count)} nearest neighbours ${percent(share)}`;

/** As many as asked for, or all there are. */
const neighboursOf = ({ neighbours }: Recipe["method"], count: number): number => Math.min(neighbours, count);

/** Takes features of both splits, and measures one by the other. */
async function scored<T>(
  encoder: Module,
  { train, test }: Splits,
  recipe: Recipe,
  { device, across }: Pick<TrainPlace, "device" | "across">,
  measure: (fitted: Features, held: Features, recipe: Recipe, classes: number, across?: Group) => T,
): Promise<T> {
  const own = { across, gather: false };
  using fitted = await featuresOf(encoder, train, { ...dinoImages(recipe, train, device), ...own });
  using held = await featuresOf(encoder, test, { ...dinoImages(recipe, test, device), ...own });
  return measure(fitted, held, recipe, train.classes.length, across);
}

/** The share that nearest neighbours, by weighted votes, classify right. */
function neighbours(
  fitted: Features,
  held: Features,
  { method }: Recipe,
  classes: number,
  across?: Group,
): number {
  const k = neighboursOf(method, wholeOf(fitted.Z.size(0), across));
  using classifier = knn(fitted.Z, fitted.labels, { k, classes, temperature: VOTE_TEMPERATURE, across });
  using predicted = classifier.predict(held.Z);
  return accuracy(predicted, held.labels, across);
}

function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  return withSplits(
    recipe,
    async (splits) => {
      using pair = restorePair(recipe, checkpoint).to(device);
      using untrained = buildPair(recipe, splits.train.channels).to(device);
      const pixels = splits.train.channels * areaOf(recipe.model.imageSize);
      const encoders: [key: string, label: string, Module][] = [
        ["teacher", "teacher", pair],
        ["untrained", "untrained encoder", untrained],
      ];
      if (pixels <= MOST_PIXELS)
        encoders.push(["pixels", "raw pixels", new FeatureModule((X) => X.flatten(1))]);
      const numbers: Record<string, number> = {};
      const lines: string[] = [];
      for (const [key, label, encoder] of encoders) {
        const { near, probes } = await scored(
          encoder,
          splits,
          recipe,
          { device, across },
          (fitted, held, _, classes) => ({
            near: neighbours(fitted, held, recipe, classes, across),
            probes: probeScores(fitted, held, { classes, random: random(recipe.seed).at("probe"), across }),
          }),
        );
        numbers[`${key}/knn`] = 100 * near;
        for (const [how, share] of Object.entries(probes)) numbers[`${key}/${how}`] = 100 * share;
        lines.push(`${label}: ${neighboursInWords(recipe, splits, near)}; linear probes: ${inWords(probes)}`);
      }
      return { numbers: { ...numbers, count: splits.test.count }, text: lines.join("\n") };
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

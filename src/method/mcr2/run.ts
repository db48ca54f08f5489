/** @file MCR² by recipe: training, and the paper's evaluation of the features. */

import { inPercent, percent } from "../../base/percent.ts";
import { areaOf } from "../../base/size.ts";
import type { ImageSource } from "../../data/index.ts";
import {
  type ClassifierScores,
  scoreClassifiers,
  scoreClusters,
  scoreRates,
  scoreSvm,
} from "../../evaluate/feature-scores.ts";
import { type Features, featuresOf } from "../../evaluate/features.ts";
import { createModel } from "../../model/index.ts";
import type { Module } from "../../nn/index.ts";
import { type Random, random, UsageError } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import type { Milestone } from "../../train/learner.ts";
import { weightsOf } from "../../train/stateful.ts";
import { openSplit, type Splits, withSplits } from "../build.ts";
import {
  baselines,
  type EncoderScoreOptions,
  encoderScores,
  featureScores,
  joined,
  withFeatures,
} from "../encoder-scores.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, NamedFeatures, Scores, Trained, TrainPlace } from "../method.ts";
import { requireClasses, requireComponents, requireNeighbours, requirePoints } from "../requirements.ts";
import type { RunConfig } from "../run-types.ts";
import { evenImages } from "../watched.ts";
import { corruptLabels } from "./corrupt-labels.ts";
import { Mcr2Learner } from "./learner.ts";
import type { Mcr2Recipe as Recipe } from "./recipe.ts";
import { VIEW_PRESETS } from "./view-presets.ts";

/** A freshly started encoder; the caller frees it. */
export function buildEncoder({ model, seed }: Recipe, channels: number): Module {
  const { name, ...settings } = model;
  return createModel(name, { channels, ...settings }, random(seed).at("model"), "encoder");
}

/** The encoder of a checkpoint; the caller frees it. */
export function restoreEncoder(recipe: Recipe, checkpoint: LoadedCheckpoint): Module {
  const encoder = buildEncoder(recipe, (checkpoint.config as RunConfig).dataset.channels);
  try {
    return encoder.load(weightsOf(checkpoint));
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** The labels of a set, some of them wrong on purpose. */
function learnedLabels({ labels, classes }: ImageSource, { data, seed }: Recipe): Int32Array {
  const { corruption: ratio, corruptionScheme: scheme } = data;
  return corruptLabels(labels, classes.length, { ratio, scheme }, random(seed).at("corruption"));
}

/** @throws {UsageError} data that cannot be learned from, or that the evaluation cannot be made of */
function checkMcr2({ model, method, train: { shuffle, batchSize } }: Recipe, { train }: Splits): void {
  requireComponents(method.components, train, model.features);
  requireNeighbours(method.neighbours, train);
  requirePoints(train);
  if (method.classes === "views") return;
  requireClasses(train);
  if (shuffle || batchSize < 2) return;
  const batches = Math.floor(train.count / batchSize);
  const single = Array.from({ length: batches }, (_, i) =>
    train.labels.subarray(i * batchSize, (i + 1) * batchSize),
  ).filter((labels) => labels.every((label) => label === labels[0])).length;
  if (single > 0)
    throw new UsageError(
      `train.shuffle: expected true, since ${single} of the ${batches} batches of ${train.name} in its own order have one class, of which the rate reduction is 0, got false`,
      { path: "train.shuffle" },
    );
}

function train(recipe: Recipe, place: TrainPlace) {
  return withSplits(recipe, async (splits) => {
    checkMcr2(recipe, splits);
    using encoder = buildEncoder(recipe, splits.train.channels).to(place.device);
    const { classes, views, changes, gamma1, gamma2, epsilon } = recipe.method;
    const { optimizer: name, momentum, weightDecay, precision, ...more } = recipe.train;
    const { across } = place;
    const options = { imageSize: recipe.model.imageSize, device: place.device, across };
    const { components, neighbours } = recipe.method;
    const by = { classes: splits.train.classes.length, components, neighbours, across };
    const features = { images: () => imagesFor(recipe, place.device), across };
    const score = (train: Features, test: Features) => scoreClassifiers(train, test, by);
    using learner = new Mcr2Learner(encoder, {
      ...{ train: splits.train, random: random(recipe.seed), gamma1, gamma2, epsilon },
      labels: recipe.data.corruption > 0 ? learnedLabels(splits.train, recipe) : undefined,
      views: classes === "views" ? { count: views, change: VIEW_PRESETS[changes] } : undefined,
      ...{ ...more, ...options, augment: recipe.data.augment, precision },
      optimizer: { name, weightDecay, momentum: name === "sgd" ? momentum : undefined },
      evaluate: async () => milestone(await withFeatures(encoder, splits, features, score)),
    });
    const watched = { model: encoder, samples: evenImages(splits.test, options) };
    return await trainLearner(learner, recipe, splits.train, place, { watched, measured: splits.measured });
  });
}

/** How whole images are given to the encoder. */
const imagesFor = ({ model }: Recipe, device: string) =>
  ({ imageSize: model.imageSize, device, range: "unit" }) as const;

function milestone({ svd, pca, knn }: ClassifierScores): Milestone {
  return {
    numbers: inPercent({ "eval/svd": svd, "eval/pca": pca, "eval/knn": knn }),
    score: svd,
    scored: "eval/svd",
    text: `nearest subspace ${percent(svd)} (SVD) ${percent(pca)} (PCA), nearest neighbours ${percent(knn)}`,
  };
}

function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  return withSplits(
    recipe,
    async (splits) => {
      using encoder = restoreEncoder(recipe, checkpoint).to(device);
      const features = { images: () => imagesFor(recipe, device), across };
      const classes = splits.train.classes.length;
      const { components, neighbours, epsilon } = recipe.method;
      const unlabelled = recipe.method.classes === "views";
      const probe = random(recipe.seed).at("probe");
      const { found, own } = await withFeatures(encoder, splits, features, (train, test) => ({
        found: {
          ...scoreClassifiers(train, test, { classes, components, neighbours, across }),
          svm: scoreSvm(train, test, classes, across),
          ...scoreClusters(train, classes, random(recipe.seed).at("clusters"), across),
          ...scoreRates(train, classes, epsilon, across),
        },
        own: unlabelled ? featureScores(ENCODER, train, test, { classes, random: probe, across }) : undefined,
      }));
      const { svd, pca, knn, svm, acc, nmi, ari, rate, compression, reduction, rank } = found;
      const beside = own && joined([own, await baselineScores(splits, recipe, device, features, probe)]);
      const text = [
        `nearest subspace, ${components} directions: ${percent(svd)} (SVD), ${percent(pca)} (PCA)`,
        `${neighbours} nearest neighbours ${percent(knn)}, linear SVM ${percent(svm)}`,
        `k-means on the training features: ACC ${percent(acc)}, NMI ${percent(nmi)}, ARI ${percent(ari)}`,
        `training features: R ${rate.toFixed(3)}, Rᶜ ${compression.toFixed(3)}, ΔR ${reduction.toFixed(3)} nats, ${rank} directions hold 95 % of their energy`,
        ...(beside === undefined ? [] : [beside.text]),
      ].join("\n");
      return {
        numbers: {
          ...beside?.numbers,
          ...found,
          ...inPercent({ svd, pca, knn, svm, acc, nmi, ari }),
          count: splits.test.count,
        },
        text,
      };
    },
    split,
  );
}

const ENCODER = { key: "encoder", label: "encoder" };

/** What the untrained encoder's features and pixels are worth. */
async function baselineScores(
  splits: Splits,
  recipe: Recipe,
  device: string,
  features: EncoderScoreOptions,
  probe: Random,
): Promise<Scores> {
  using untrained = buildEncoder(recipe, splits.train.channels).to(device);
  const pixels = splits.train.channels * areaOf(recipe.model.imageSize);
  return await encoderScores(baselines(untrained, pixels), splits, features, probe);
}

async function features(recipe: Recipe, { checkpoint, split, device }: Trained): Promise<NamedFeatures> {
  using encoder = restoreEncoder(recipe, checkpoint).to(device);
  const source = await openSplit(recipe, split);
  try {
    return { ...(await featuresOf(encoder, source, imagesFor(recipe, device))), classes: source.classes };
  } finally {
    await source.close();
  }
}

export const mcr2Method: Method<Recipe> = { across: true, train, evaluate, features };

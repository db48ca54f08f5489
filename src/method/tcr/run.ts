/** @file Features without labels by recipe: training, and how well labels are read off them. */

import { inPercent, percent } from "../../base/percent.ts";
import { areaOf } from "../../base/size.ts";
import { scoreClassifiers, scoreClusters } from "../../evaluate/feature-scores.ts";
import { featuresOf } from "../../evaluate/features.ts";
import { createModel } from "../../model/index.ts";
import { Module } from "../../nn/index.ts";
import { CPP_EPSILON, NMCE_EPSILON } from "../../rate/index.ts";
import { random, type Tensor } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { weightsOf } from "../../train/stateful.ts";
import { openSplit, type Splits, withSplits } from "../build.ts";
import { trainLearner } from "../learner-run.ts";
import { VIEW_PRESETS } from "../mcr2/view-presets.ts";
import type { Method, NamedFeatures, Scores, Trained, TrainPlace } from "../method.ts";
import { requireComponents, requireNeighbours, requirePoints } from "../requirements.ts";
import type { RunConfig } from "../run-types.ts";
import { evenImages } from "../watched.ts";
import { TcrLearner } from "./learner.ts";
import type { TcrRecipe as Recipe } from "./recipe.ts";

/** A freshly started encoder; the caller frees it. */
export function buildNet({ model, seed }: Recipe, channels: number): Module {
  const { name, ...settings } = model;
  return createModel(name, { channels, ...settings }, random(seed).at("model"), "encoder");
}

/** The encoder of a checkpoint; the caller frees it. */
export function restoreNet(recipe: Recipe, checkpoint: LoadedCheckpoint): Module {
  const net = buildNet(recipe, (checkpoint.config as RunConfig).dataset.channels);
  try {
    return net.load(weightsOf(checkpoint));
  } catch (error) {
    net.dispose();
    throw error;
  }
}

function train(recipe: Recipe, place: TrainPlace) {
  return withSplits(recipe, async (splits) => {
    const { components, neighbours } = recipe.method;
    const pixels = splits.train.channels * areaOf(recipe.model.imageSize); // classified too, for comparison
    requireComponents(components, splits.train, Math.min(recipe.model.features, pixels));
    requireNeighbours(neighbours, splits.train);
    requirePoints(splits.test);
    using net = buildNet(recipe, splits.train.channels).to(place.device);
    const { objective, alignment, epsilon, changes } = recipe.method;
    const { precision, ...settings } = recipe.train;
    using learner = new TcrLearner(net, {
      ...{ train: splits.train, augment: VIEW_PRESETS[changes], random: random(recipe.seed) },
      ...{ ...settings, imageSize: recipe.model.imageSize, device: place.device },
      ...{ objective, alignment, precision, across: place.across },
      epsilon: epsilon ?? (objective === "nmce" ? NMCE_EPSILON : CPP_EPSILON),
      evaluate: async () => {
        const { knn, svd } = await classifiers(net, splits, recipe, place);
        const text = `nearest neighbours ${percent(knn)}, nearest subspace ${percent(svd)}`;
        return {
          numbers: inPercent({ "eval/knn": knn, "eval/svd": svd }),
          score: knn,
          scored: "eval/knn",
          text,
        };
      },
    });
    const watched = { model: net, samples: evenImages(splits.test, imagesFor(recipe, place.device)) };
    return await trainLearner(learner, recipe, splits.train, place, { watched, measured: splits.measured });
  });
}

const imagesFor = ({ model }: Recipe, device: string) =>
  ({ imageSize: model.imageSize, device, range: "unit" }) as const;

async function classifiers(
  net: Module,
  { train, test }: Splits,
  recipe: Recipe,
  { device, across }: Pick<TrainPlace, "device" | "across">,
) {
  const images = { ...imagesFor(recipe, device), across, gather: false };
  using fitted = await featuresOf(net, train, images);
  using held = await featuresOf(net, test, images);
  const { components, neighbours } = recipe.method;
  const classes = train.classes.length;
  return {
    ...scoreClassifiers(fitted, held, { classes, components, neighbours, across }),
    ...scoreClusters(held, classes, random(recipe.seed).at("clusters"), across),
  };
}

/** Images as their pixels, for comparison. */
class Pixels extends Module {
  protected forward(X: Tensor): Tensor {
    return X.flatten(1);
  }
}

function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  return withSplits(
    recipe,
    async (splits) => {
      using net = restoreNet(recipe, checkpoint).to(device);
      using untrained = buildNet(recipe, splits.train.channels).to(device);
      using pixels = new Pixels();
      const lines: string[] = [];
      const numbers: Record<string, number> = {};
      for (const [name, module] of Object.entries({ features: net, untrained, pixels })) {
        const found = await classifiers(module, splits, recipe, { device, across });
        const { knn, svd, acc, nmi } = found;
        lines.push(
          `${name}: nearest neighbours ${percent(knn)}, nearest subspace ${percent(svd)}, k-means ${percent(acc)} (NMI ${percent(nmi)})`,
        );
        for (const [key, value] of Object.entries(found))
          numbers[name === "features" ? key : `${name}/${key}`] = 100 * value;
      }
      return { numbers, text: lines.join("\n") };
    },
    split,
  );
}

async function features(recipe: Recipe, { checkpoint, split, device }: Trained): Promise<NamedFeatures> {
  using net = restoreNet(recipe, checkpoint).to(device);
  const source = await openSplit(recipe, split);
  try {
    return { ...(await featuresOf(net, source, imagesFor(recipe, device))), classes: source.classes };
  } finally {
    await source.close();
  }
}

export const tcrMethod: Method<Recipe> = { across: true, train, evaluate, features };

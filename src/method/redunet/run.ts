/** @file ReduNet by recipe: building, and the evaluation of what it makes of samples and their shifts. */

import { createHash } from "node:crypto";
import { leastOf } from "../../base/extremes.ts";
import { inPercent, percent } from "../../base/percent.ts";
import { measuredSplit, rowsOf, type Split } from "../../data/index.ts";
import { accuracy } from "../../evaluate/classify/index.ts";
import { scoreClassifiers, scoreSvm } from "../../evaluate/feature-scores.ts";
import {
  cat,
  type Group,
  gatherRows,
  noGrad,
  random,
  scope,
  type Tensor,
  UsageError,
} from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import type { RunConfig, RunResult } from "../run-types.ts";
import { cyclicShifts, type Samples } from "./gaussians.ts";
import { ReduNetLearner } from "./learner.ts";
import type { RedunetRecipe as Recipe } from "./recipe.ts";
import type { ReduNet } from "./redunet.ts";
import { samplesOf } from "./samples.ts";
import { fromState, layersIn } from "./state.ts";

const settings = ({ model, method }: Recipe, classes: number) => {
  const { layers, eta, sharpness, dftNorm } = model;
  return { layers, classes, eta, sharpness, dftNorm, epsilon: method.epsilon };
};

/** The network of a checkpoint, of as many layers as had been built; the caller frees it. */
export function restoreReduNet(recipe: Recipe, { model, config }: LoadedCheckpoint): ReduNet {
  const { classes } = (config as RunConfig).dataset;
  return fromState(model, { ...settings(recipe, classes.length), layers: layersIn(model) });
}

/** What is noted of the samples, as of any data. */
const describe = ({ X, labels, classes }: Samples) => ({
  channels: X.size(1),
  classes: Array.from({ length: classes }, (_, k) => String(k)),
  fingerprint: () => {
    const bytes = (tensor: Tensor) => {
      const data = tensor.data();
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    };
    return createHash("sha256").update(bytes(X)).update(bytes(labels)).digest("hex");
  },
});

async function train(recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  using samples = await onDevice(recipe, "train", place.device);
  const measured = measuredSplit(recipe.data);
  using test = await onDevice(recipe, measured, place.device);
  const size = samples.X.numel / samples.X.size(0);
  if (samples.classes < 2 || size < 2)
    throw new UsageError(
      `data: expected samples of two classes or more and two numbers or more, got ${samples.classes} and ${size}`,
    );
  const { lift: channels, kernel } = recipe.model;
  using learner = new ReduNetLearner(samples, {
    ...settings(recipe, samples.classes),
    ...(channels !== undefined && { lift: { channels, kernel } }),
    random: random(recipe.seed).at("lift"),
    across: place.across,
    evaluate: (net) => {
      const { numbers, text } = scores(net, samples, test, recipe, measured, place.across);
      const named = Object.entries(numbers).map(([name, value]) => [`eval/${name}`, value]);
      return { numbers: Object.fromEntries(named), text };
    },
  });
  return await trainLearner(learner, recipe, describe(samples), place);
}

/** Samples on a device, freed at the end of their block. */
async function onDevice(recipe: Recipe, split: Split, device: string): Promise<Samples & Disposable> {
  const { X, labels, classes } = await samplesOf(recipe, split);
  const moved = { X: X.to(device), labels: labels.to(device), classes };
  for (const tensor of [X, labels]) if (tensor !== moved.X && tensor !== moved.labels) tensor.dispose();
  return {
    ...moved,
    [Symbol.dispose]() {
      moved.X.dispose();
      moved.labels.dispose();
    },
  };
}

/** The samples of one of several processes. */
function partOf({ X, labels, classes }: Samples, across: Group): Samples {
  const rows = rowsOf(across, labels.numel);
  const own = (x: Tensor) => x.narrow(0, rows[0]!, rows.length);
  return { X: own(X), labels: own(labels), classes };
}

/**
 * Accuracies, 0 to 1: of the last layer's memberships, and of classifiers on the features.
 * @param given processes that look at a part of the samples each, where there are as many
 */
function scores(
  net: ReduNet,
  train: Samples,
  test: Samples,
  { method, data }: Recipe,
  split: Split,
  given?: Group,
): Scores {
  const across = given && given.size <= Math.min(train.labels.numel, test.labels.numel) ? given : undefined;
  const part = (samples: Samples) => (across === undefined ? samples : partOf(samples, across));
  return noGrad(() =>
    scope(() => {
      const flat = ({ X, labels }: Samples) => ({ Z: net.transform(X).reshape([X.size(0), -1]), labels });
      const all = ({ Z }: { Z: Tensor }, { labels }: Samples) => ({
        Z: across === undefined ? Z : gatherRows(Z, across),
        labels,
      });
      const right = ({ X, labels }: Samples) => accuracy(net.predict(X), labels, across);
      const { classes } = train;
      const smallest = leastOf(Array.from({ length: classes }, (_, k) => train.labels.eq(k).sum().item()));
      const [fitted, held] = [flat(part(train)), flat(part(test))];
      const components = Math.min(method.components, smallest, fitted.Z.size(1) - 1);
      const neighbours = Math.min(method.neighbours, train.labels.numel);
      const numbers: Record<string, number> = {
        ...inPercent({ trainAccuracy: right(part(train)), testAccuracy: right(part(test)) }),
        ...inPercent({ ...scoreClassifiers(fitted, held, { classes, components, neighbours, across }) }),
        ...inPercent({ svm: scoreSvm(all(fitted, train), all(held, test), classes) }),
        count: test.labels.numel,
      };
      const share = (name: string) => percent(numbers[name]! / 100);
      const lines = [
        `last layer: ${share("trainAccuracy")} of the training samples, ${share("testAccuracy")} of ${test.labels.numel} ${split} samples`,
        `features of the ${split} samples: nearest subspace (${components}) ${share("svd")} (SVD) ${share("pca")} (PCA), ${neighbours} nearest neighbours ${share("knn")}, linear SVM ${share("svm")}`,
      ];
      if (data.form !== "vectors" && method.shifts > 0) {
        const { X, labels } = part(test);
        const shifted = cyclicShifts(X, method.shifts, method.stride);
        const times = shifted.size(0) / X.size(0);
        const repeated = cat(Array.from({ length: times }, () => labels));
        numbers.shiftedAccuracy = 100 * accuracy(net.predict(shifted), repeated, across);
        lines.push(`shifted ${split} samples, ${times} shifts each: ${share("shiftedAccuracy")}`);
      }
      return { numbers, text: lines.join("\n") };
    }, "scores of redunet"),
  );
}

async function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  using net = restoreReduNet(recipe, checkpoint);
  using train = await onDevice(recipe, "train", device);
  using test = await onDevice(recipe, split, device);
  return scores(net, train, test, recipe, split, across);
}

export const redunetMethod: Method<Recipe> = { across: true, train, evaluate };

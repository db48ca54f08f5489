/** @file What features are worth: the classifiers and rates that the papers of this family report. */

import { mcr2Loss } from "../rate/index.ts";
import { type Group, gatherRows, noGrad, type Random, scope } from "../tensor/index.ts";
import { accuracy, type Classifier, knn, linearSvm, nearestSubspace } from "./classify/index.ts";
import { kMeans } from "./cluster/index.ts";
import type { Features } from "./features.ts";
import { ari, clusteringAccuracy, nmi } from "./metrics/index.ts";
import { numericalRank } from "./numerical-rank.ts";

export interface ScoreOptions {
  classes: number;
  /** Directions per class of the nearest-subspace classifiers. */
  components: number;
  /** k of the nearest neighbours. */
  neighbours: number;
  /** Processes that have other features of both splits: scores are those of all. */
  across?: Group | undefined;
}

/** Shares of the test features that are classified right, 0 to 1. */
export interface ClassifierScores {
  /** Nearest subspace through the origin, and through the class mean. */
  svd: number;
  pca: number;
  knn: number;
}

type Given = Pick<Features, "Z" | "labels">;

function share(classifier: Classifier, test: Given, across?: Group): number {
  using owned = classifier;
  using predicted = owned.predict(test.Z);
  return accuracy(predicted, test.labels, across);
}

/** Fits to some features and classifies others. @throws {UsageError} fewer samples than components */
export function scoreClassifiers(train: Given, test: Given, options: ScoreOptions): ClassifierScores {
  const { classes, components, neighbours, across } = options;
  const subspace = (centred: boolean) =>
    share(nearestSubspace(train.Z, train.labels, { classes, components, centred, across }), test, across);
  return {
    svd: subspace(false),
    pca: subspace(true),
    knn: share(knn(train.Z, train.labels, { k: neighbours, classes, across }), test, across),
  };
}

/** Features of all ranks. */
const gathered = ({ Z, labels }: Given, across: Group | undefined): Given =>
  across === undefined ? { Z, labels } : { Z: gatherRows(Z, across), labels: gatherRows(labels, across) };

/**
 * Share right of a linear support-vector machine, C = 1.
 * @param across processes that have other features: each fits the same to those of all, which are sent once
 */
export const scoreSvm = (train: Given, test: Given, classes: number, across?: Group): number =>
  scope(() => {
    const { Z, labels } = gathered(train, across);
    return share(linearSvm(Z, labels, { classes }), test, across);
  }, "score SVM");

/**
 * k-means with as many clusters as classes, against the labels.
 * @param across processes that have other features: scores are those of all
 */
export function scoreClusters({ Z, labels }: Given, clusters: number, random: Random, across?: Group) {
  return scope(() => {
    const found = kMeans(Z, { clusters, random, across }).assigned;
    const all = gathered({ Z: found, labels }, across);
    const [assigned, truth] = [all.Z.numbers(), all.labels.numbers()];
    return {
      acc: clusteringAccuracy(truth, assigned),
      nmi: nmi(truth, assigned),
      ari: ari(truth, assigned),
    };
  }, "score clusters");
}

/**
 * R, Rᶜ and ΔR of features with their labels, nats; and how many directions hold 95 % of their energy.
 * @param across processes that have other features: of those of all
 */
export function scoreRates({ Z, labels }: Given, classes: number, epsilon: number, across?: Group) {
  return noGrad(() =>
    scope(() => {
      const { rate, compression } = mcr2Loss(Z, labels, classes, { epsilon, across });
      const [R, Rc] = [rate.item(), compression.item()];
      return { rate: R, compression: Rc, reduction: R - Rc, rank: numericalRank(Z, 0.95, across) };
    }, "score rates"),
  );
}

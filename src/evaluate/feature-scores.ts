/** @file What features are worth: the classifiers and rates that the papers of this family report. */

import { mcr2Loss } from "../rate/index.ts";
import { noGrad, type Random, scope } from "../tensor/index.ts";
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
}

/** Shares of the test features that are classified right, 0 to 1. */
export interface ClassifierScores {
  /** Nearest subspace through the origin, and through the class mean. */
  svd: number;
  pca: number;
  knn: number;
}

type Given = Pick<Features, "Z" | "labels">;

function share(classifier: Classifier, test: Given): number {
  using owned = classifier;
  using predicted = owned.predict(test.Z);
  return accuracy(predicted, test.labels);
}

/** Fits to some features and classifies others. @throws {UsageError} fewer samples than components */
export function scoreClassifiers(train: Given, test: Given, options: ScoreOptions): ClassifierScores {
  const { classes, components, neighbours } = options;
  const subspace = (centred: boolean) =>
    share(nearestSubspace(train.Z, train.labels, { classes, components, centred }), test);
  return {
    svd: subspace(false),
    pca: subspace(true),
    knn: share(knn(train.Z, train.labels, { k: neighbours, classes }), test),
  };
}

/** Share right of a linear support-vector machine, C = 1. */
export const scoreSvm = (train: Given, test: Given, classes: number): number =>
  share(linearSvm(train.Z, train.labels, { classes }), test);

/** k-means with as many clusters as classes, against the labels. */
export function scoreClusters({ Z, labels }: Given, clusters: number, random: Random) {
  return scope(() => {
    const assigned = kMeans(Z, { clusters, random }).assigned.numbers();
    const truth = labels.numbers();
    return {
      acc: clusteringAccuracy(truth, assigned),
      nmi: nmi(truth, assigned),
      ari: ari(truth, assigned),
    };
  }, "score clusters");
}

/** R, Rᶜ and ΔR of features with their labels, nats; and how many directions hold 95 % of their energy. */
export function scoreRates({ Z, labels }: Given, classes: number, epsilon: number) {
  return noGrad(() =>
    scope(() => {
      const { rate, compression } = mcr2Loss(Z, labels, classes, { epsilon });
      const [R, Rc] = [rate.item(), compression.item()];
      return { rate: R, compression: Rc, reduction: R - Rc, rank: numericalRank(Z) };
    }, "score rates"),
  );
}

/** @file What frozen features are worth: linear probes by two protocols. */

import { percent } from "../base/percent.ts";
import { Module } from "../nn/index.ts";
import { type Group, gatherRows, type Random, scope, type Tensor } from "../tensor/index.ts";
import { accuracy, type Classifier, larsProbe, leastSquares } from "./classify/index.ts";
import type { Features } from "./features.ts";

/** Shares of the test features that are classified right, 0 to 1. */
export interface ProbeScores {
  /** Least squares onto one-hot labels: the closed form, as CRATE-MAE's authors probe. */
  leastSquares: number;
  /** LARS for 90 epochs on standardised features, as MAE's authors probe. */
  lars: number;
}

/**
 * Fits to some features and classifies others.
 * @param across processes that have other features of both: the scores are those of all. LARS takes the same steps on each, by
 *   features that are sent once.
 */
export function probeScores(
  train: Pick<Features, "Z" | "labels">,
  test: Pick<Features, "Z" | "labels">,
  { classes, random, across }: { classes: number; random: Random; across?: Group | undefined },
): ProbeScores {
  const share = (classifier: Classifier): number => {
    using owned = classifier;
    using predicted = owned.predict(test.Z);
    return accuracy(predicted, test.labels, across);
  };
  const { Z, labels } = train;
  const lars = () => {
    const [all, of] = across === undefined ? [Z, labels] : [Z, labels].map((x) => gatherRows(x, across));
    return share(larsProbe(all!, of!, { classes, random }));
  };
  return { leastSquares: share(leastSquares(Z, labels, { classes, across })), lars: scope(lars, "lars") };
}

/** Features by a function of images [b, c, H, W] → [b, d]. */
export class FeatureModule extends Module {
  constructor(private readonly of: (images: Tensor) => Tensor) {
    super();
  }
  protected forward(X: Tensor): Tensor {
    return this.of(X);
  }
}

/** One line for people. */
export const inWords = ({ leastSquares, lars }: ProbeScores): string =>
  `least squares ${percent(leastSquares)}, LARS ${percent(lars)}`;

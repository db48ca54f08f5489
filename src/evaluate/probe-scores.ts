/** @file What frozen features are worth: linear probes by two protocols. */

import { percent } from "../base/percent.ts";
import { Module } from "../nn/index.ts";
import type { Random, Tensor } from "../tensor/index.ts";
import { accuracy, type Classifier, larsProbe, leastSquares } from "./classify/index.ts";
import type { Features } from "./features.ts";

/** Shares of the test features that are classified right, 0 to 1. */
export interface ProbeScores {
  /** Least squares onto one-hot labels: the closed form, as CRATE-MAE's authors probe. */
  leastSquares: number;
  /** LARS for 90 epochs on standardised features, as MAE's authors probe. */
  lars: number;
}

/** Fits to some features and classifies others. */
export function probeScores(
  train: Pick<Features, "Z" | "labels">,
  test: Pick<Features, "Z" | "labels">,
  { classes, random }: { classes: number; random: Random },
): ProbeScores {
  const share = (classifier: Classifier): number => {
    using owned = classifier;
    using predicted = owned.predict(test.Z);
    return accuracy(predicted, test.labels);
  };
  const { Z, labels } = train;
  return {
    leastSquares: share(leastSquares(Z, labels, { classes })),
    lars: share(larsProbe(Z, labels, { classes, random })),
  };
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

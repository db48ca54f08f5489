/** @file What features that were learned without labels are worth, beside an untrained network's and the pixels themselves. */

import { percent } from "../base/percent.ts";
import type { ImageSource } from "../data/index.ts";
import { accuracy, knn } from "../evaluate/classify/index.ts";
import { type Features, featuresOf, type ImageOptions } from "../evaluate/features.ts";
import { FeatureModule, inWords, probeScores } from "../evaluate/probe-scores.ts";
import type { Module } from "../nn/index.ts";
import type { Group, Random } from "../tensor/index.ts";
import { wholeOf } from "../train/epochs.ts";
import type { Splits } from "./build.ts";
import type { Scores } from "./method.ts";

/** k of the nearest neighbours, unless a recipe says. */
export const NEIGHBOURS = 20;
/** Of a neighbour's vote in the evaluation of DINO's authors. */
const VOTE_TEMPERATURE = 0.07;
/** Pixels are probed up to so many numbers an image: the closed form has a matrix of their square. */
const MOST_PIXELS = 4096;

/** Features [n, d] by a module, by name. */
export interface Encoder {
  key: string;
  label: string;
  module: Module;
}

/** What an encoder is compared with: itself before training, and, where there are not too many, pixels. */
export function baselines(untrained: Module, pixels: number): Encoder[] {
  const before = { key: "untrained", label: "untrained encoder", module: untrained };
  if (pixels > MOST_PIXELS) return [before];
  return [before, { key: "pixels", label: "raw pixels", module: new FeatureModule((X) => X.flatten(1)) }];
}

export interface EncoderScoreOptions {
  /** How images of a split are given to an encoder. */
  images: (source: ImageSource) => ImageOptions;
  /** k of the nearest neighbours, at most all there are; 20 unless given. */
  neighbours?: number;
  across?: Group | undefined;
}

/** Features of both splits for `body`, on several processes each its own; freed after it. */
export async function withFeatures<T>(
  module: Module,
  { train, test }: Splits,
  { images, across }: Pick<EncoderScoreOptions, "images" | "across">,
  body: (fitted: Features, held: Features) => T,
): Promise<T> {
  const own = { across, gather: false };
  using fitted = await featuresOf(module, train, { ...images(train), ...own });
  using held = await featuresOf(module, test, { ...images(test), ...own });
  return body(fitted, held);
}

interface Neighbours {
  /** Of the held features classified right, 0 to 1. */
  share: number;
  text: string;
}

/** Votes of the nearest neighbours, weighted by how near they are. */
function neighbours(
  fitted: Features,
  held: Features,
  options: Pick<EncoderScoreOptions, "neighbours" | "across">,
  classes: number,
): Neighbours {
  const { neighbours: most = NEIGHBOURS, across } = options;
  const k = Math.min(most, wholeOf(fitted.Z.size(0), across));
  using classifier = knn(fitted.Z, fitted.labels, { k, classes, temperature: VOTE_TEMPERATURE, across });
  using predicted = classifier.predict(held.Z);
  const share = accuracy(predicted, held.labels, across);
  return { share, text: `${k} nearest neighbours ${percent(share)}` };
}

/** What nearest neighbours make of an encoder's features. */
export const neighbourScore = (
  module: Module,
  splits: Splits,
  options: EncoderScoreOptions,
): Promise<Neighbours> =>
  withFeatures(module, splits, options, (fitted, held) =>
    neighbours(fitted, held, options, splits.train.classes.length),
  );

/** Nearest neighbours and linear probes of one encoder's features: `KEY/knn`, `KEY/leastSquares`, `KEY/lars`, in per cent. */
export function featureScores(
  { key, label }: Pick<Encoder, "key" | "label">,
  fitted: Features,
  held: Features,
  options: Pick<EncoderScoreOptions, "neighbours" | "across"> & { classes: number; random: Random },
): Scores {
  const { classes, random, across } = options;
  const near = neighbours(fitted, held, options, classes);
  const probes = probeScores(fitted, held, { classes, random, across });
  const shares = { knn: near.share, ...probes };
  const numbers = Object.entries(shares).map(([how, share]) => [`${key}/${how}`, 100 * share] as const);
  return {
    numbers: Object.fromEntries(numbers),
    text: `${label}: ${near.text}; linear probes: ${inWords(probes)}`,
  };
}

/** The scores of each encoder's features, a line for each. */
export async function encoderScores(
  given: readonly Encoder[],
  splits: Splits,
  options: EncoderScoreOptions,
  random: Random,
): Promise<Scores> {
  const classes = splits.train.classes.length;
  const all: Scores[] = [];
  for (const encoder of given)
    all.push(
      await withFeatures(encoder.module, splits, options, (fitted, held) =>
        featureScores(encoder, fitted, held, { ...options, classes, random }),
      ),
    );
  return joined(all);
}

/** Scores one after the other. */
export const joined = (all: readonly Scores[]): Scores => ({
  numbers: Object.assign({}, ...all.map(({ numbers }) => numbers)),
  text: all.map(({ text }) => text).join("\n"),
});

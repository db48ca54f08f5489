/** @file From a recipe to what it names: its data and its model. */

import { type Size, sameSize } from "../base/size.ts";
import {
  type BatchOptions,
  holdOut,
  type ImageSet,
  type ImageSource,
  measuredSplit,
  normalisation,
  openDataset,
  openSource,
  type Split,
  sourceSubset,
  subset,
} from "../data/index.ts";
import { createModel, type ImageClassifier } from "../model/index.ts";
import { type Random, random, UsageError } from "../tensor/index.ts";
import type { Recipe, RecipeOf } from "./recipe.ts";
import { requireChannels } from "./requirements.ts";

/** Which images, how they are read, and what the model expects of them. */
export interface OfImages {
  data: {
    name: string;
    dir?: string;
    workers?: number;
    damaged?: "stop" | "skip";
    validation?: number | undefined;
  };
  model: { imageSize?: Size; channels?: number };
  /** Of the run: it chooses what is held out. */
  seed: number;
}

const placeOf = (
  { data: { dir, workers, damaged }, model: { imageSize } }: OfImages,
  split: "train" | "test",
) => ({
  ...{ split, ...(workers !== undefined && { workers }) },
  ...(imageSize !== undefined && { imageSize }),
  ...(dir !== undefined && { dir }),
  ...(damaged !== undefined && { damaged }),
});

/** The images of a training set that a split of the recipe has; nothing where it has all. @throws {UsageError} no such split */
export function placesIn(
  { data, seed }: Pick<OfImages, "data" | "seed">,
  split: "train" | "validation",
  labels: Int32Array,
): Int32Array | undefined {
  const { name, validation } = data;
  if (validation !== undefined) return holdOut(labels, validation, random(seed).at("data.validation"))[split];
  if (split === "train") return undefined;
  throw nothingHeldOut(name);
}

/** Of a run that is asked for its validation split and has none. */
export const nothingHeldOut = (name: string): UsageError =>
  new UsageError(
    `split validation: the run holds out nothing of ${name}; train it with --data.validation, such as 0.1`,
    { path: "data.validation" },
  );

/**
 * One split of a recipe's images. The training split is without the images that are held out for validation.
 * @throws {DataError} it is not there or damaged
 * @throws {UsageError} other channels than the recipe's `model.channels`; validation where nothing is held out
 */
export async function openSplit(recipe: OfImages, split: Split): Promise<ImageSource> {
  const whole = await openSource(recipe.data.name, placeOf(recipe, split === "test" ? "test" : "train"));
  try {
    requireChannels(recipe.model.channels, whole);
    const places = split === "test" ? undefined : placesIn(recipe, split, whole.labels);
    return places === undefined ? whole : sourceSubset(whole, places);
  } catch (error) {
    await whole.close();
    throw error;
  }
}

/** The same, with all images in memory. */
export async function openWhole(recipe: OfImages, split: Split): Promise<ImageSet> {
  const set = await openDataset(recipe.data.name, placeOf(recipe, split === "test" ? "test" : "train"));
  requireChannels(recipe.model.channels, set);
  const places = split === "test" ? undefined : placesIn(recipe, split, set.labels);
  return places === undefined ? set : subset(set, places);
}

/**
 * Runs `body` with the training split and another one open, and closes them.
 * @param split what is measured on; validation where some images are held out, else the test split
 */
export async function withSplits<T>(
  recipe: OfImages,
  body: (splits: Splits) => Promise<T>,
  split: Split = measuredSplit(recipe.data),
): Promise<T> {
  const train = await openSplit(recipe, "train");
  try {
    if (split === "train") return await body({ train, test: train, measured: split });
    const test = await openSplit(recipe, split);
    try {
      return await body({ train, test, measured: split });
    } finally {
      await test.close();
    }
  } finally {
    await train.close();
  }
}

/** What is learned from, and what is measured on. */
export interface Splits {
  train: ImageSource;
  /** Of the split `measured`. */
  test: ImageSource;
  measured: Split;
}

/** The root of every random stream of a run. */
export const randomOf = (recipe: Recipe): Random => random(recipe.seed);

/** The recipe's model for that data, freshly initialised: the same weights for the same seed. */
export function buildModel(
  recipe: RecipeOf<"supervised">,
  info: { channels: number; classes: readonly string[] },
): ImageClassifier {
  const { name, ...sizes } = recipe.model;
  const options = { channels: info.channels, ...sizes, classes: info.classes.length };
  return createModel(name, options, randomOf(recipe).at("model"), "classifier");
}

/** How batches of the recipe's data are made; augmentation is for training only. */
export function batchOptions(
  recipe: RecipeOf<"supervised">,
  source: ImageSource,
  device: string,
): BatchOptions {
  const { imageSize } = recipe.model;
  return {
    batchSize: recipe.train.batchSize,
    random: randomOf(recipe),
    normalise: normalisation(source, recipe.data.normalise),
    augment: withoutUndefined(recipe.data.augment),
    device,
    ...(sameSize(imageSize, [source.height, source.width]) ? {} : { imageSize }),
  };
}

function withoutUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}

/** @file From a recipe to what it names: its data and its model. */

import { type Size, sameSize } from "../base/size.ts";
import {
  type BatchOptions,
  type ImageSet,
  type ImageSource,
  normalisation,
  openDataset,
  openSource,
} from "../data/index.ts";
import { createModel, type ImageClassifier } from "../model/index.ts";
import { type Random, random } from "../tensor/index.ts";
import type { Recipe, RecipeOf } from "./recipe.ts";
import { requireChannels } from "./requirements.ts";

/** Which images, how they are read, and what the model expects of them. */
interface OfImages {
  data: { name: string; dir?: string; workers: number; damaged?: "stop" | "skip" };
  model: { imageSize?: Size; channels?: number };
}

const placeOf = (
  { data: { dir, workers, damaged }, model: { imageSize } }: OfImages,
  split: "train" | "test",
) => ({
  ...{ split, workers },
  ...(imageSize !== undefined && { imageSize }),
  ...(dir !== undefined && { dir }),
  ...(damaged !== undefined && { damaged }),
});

/**
 * One split of a recipe's images.
 * @throws {DataError} it is not there or damaged; {UsageError} other channels than the recipe's `model.channels`
 */
export async function openSplit(recipe: OfImages, split: "train" | "test"): Promise<ImageSource> {
  const source = await openSource(recipe.data.name, placeOf(recipe, split));
  try {
    requireChannels(recipe.model.channels, source);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The same, with all images in memory. */
export async function openWhole(recipe: OfImages, split: "train" | "test"): Promise<ImageSet> {
  const set = await openDataset(recipe.data.name, placeOf(recipe, split));
  requireChannels(recipe.model.channels, set);
  return set;
}

/** Runs `body` with both splits open, and closes them. */
export async function withSplits<T>(recipe: OfImages, body: (splits: Splits) => Promise<T>): Promise<T> {
  const train = await openSplit(recipe, "train");
  try {
    const test = await openSplit(recipe, "test");
    try {
      return await body({ train, test });
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
  test: ImageSource;
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

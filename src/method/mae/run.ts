/** @file Masked autoencoders by recipe: pre-training, and what the reconstruction and the features are worth. */

import { areaOf, sameSize } from "../../base/size.ts";
import type { BatchOptions, ImageSource } from "../../data/index.ts";
import { normalisation } from "../../data/index.ts";
import { FeatureModule } from "../../evaluate/probe-scores.ts";
import { createModel } from "../../model/index.ts";
import { random, UsageError } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { weightsOf } from "../../train/stateful.ts";
import { type Splits, withSplits } from "../build.ts";
import { baselines, encoderScores } from "../encoder-scores.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import type { RunConfig } from "../run-types.ts";
import { evenImages } from "../watched.ts";
import { withResident } from "../with-resident.ts";
import { type Mae, maskedErrors, whole } from "./errors.ts";
import { MaeLearner } from "./learner.ts";
import type { MaeRecipe as Recipe } from "./recipe.ts";

/** A freshly started autoencoder: the same weights for the same seed; the caller frees it. */
export function buildMae({ model, seed }: Recipe, channels: number): Mae {
  const { name, ...sizes } = model;
  return createModel(name, { channels, ...sizes }, random(seed).at("model"), "autoencoder");
}

/** The autoencoder of a checkpoint; the caller frees it. */
export function restoreMae(recipe: Recipe, checkpoint: LoadedCheckpoint): Mae {
  const mae = buildMae(recipe, (checkpoint.config as RunConfig).dataset.channels);
  try {
    return mae.load(weightsOf(checkpoint));
  } catch (error) {
    mae.dispose();
    throw error;
  }
}

/** How images are given to a recipe's model; augmentation is for training only. */
export function maeBatches(recipe: Recipe, source: ImageSource, device: string): BatchOptions {
  const { imageSize } = recipe.model;
  return {
    ...{ batchSize: recipe.train.batchSize, random: random(recipe.seed), device },
    normalise: normalisation(source, recipe.data.normalise),
    augment: recipe.data.augment as NonNullable<BatchOptions["augment"]>,
    ...(sameSize(imageSize, [source.height, source.width]) ? {} : { imageSize }),
  };
}

function train(recipe: Recipe, place: TrainPlace) {
  return withSplits(recipe, (splits) =>
    withResident(splits, recipe, place, (kept) => trainOn(kept, recipe, place)),
  );
}

async function trainOn(splits: Splits, recipe: Recipe, place: TrainPlace) {
  using mae = buildMae(recipe, splits.train.channels).to(place.device);
  const { maskRatio: ratio, normalisePixels } = recipe.method;
  if (normalisePixels && areaOf(recipe.model.patch) === 1 && mae.options.channels === 1)
    throw new UsageError(
      "method.normalisePixels: expected false for patches of one pixel, which has no deviation, got true",
      { path: "method.normalisePixels" },
    );
  using learner = new MaeLearner(mae, {
    ...{ ...splits, random: random(recipe.seed), batch: maeBatches(recipe, splits.train, place.device) },
    ...{ ...recipe.train, ratio, normalisePixels, across: place.across },
  });
  const images = maeBatches(recipe, splits.test, place.device);
  const watched = {
    model: mae,
    run: whole(mae),
    samples: evenImages(splits.test, images),
    patch: mae.options.patch,
  };
  return await trainLearner(learner, recipe, splits.train, place, { watched, measured: splits.measured });
}

function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  return withSplits(
    recipe,
    async (splits) => {
      const { train, test } = splits;
      const { maskRatio: ratio, normalisePixels, pool } = recipe.method;
      using mae = restoreMae(recipe, checkpoint).to(device);
      const batch = maeBatches(recipe, test, device);
      const masks = random(recipe.seed).at("eval.mask");
      const errors = await maskedErrors(mae, test, batch, { ratio, normalisePixels }, masks, across);

      const { normalise, imageSize } = batch;
      const images = { normalise: normalise!, device, ...(imageSize !== undefined && { imageSize }) };
      using untrained = buildMae(recipe, train.channels).to(device);
      const featuresBy = (of: Mae) => new FeatureModule((X) => of.features(X, pool));
      const pixels = train.channels * areaOf(recipe.model.imageSize);
      const found = await encoderScores(
        [
          { key: "encoder", label: "encoder", module: featuresBy(mae) },
          ...baselines(featuresBy(untrained), pixels),
        ],
        splits,
        { images: () => images, across },
        random(recipe.seed).at("probe"),
      );

      const { masked, meanFill } = errors;
      const text = `masked error ${masked.toFixed(4)}, ${(masked / meanFill).toFixed(3)} of the mean fill's ${meanFill.toFixed(4)}, on ${test.count.toLocaleString("en")} images with ${ratio} of the patches removed`;
      return {
        numbers: { masked, meanFill, ...found.numbers, count: test.count },
        text: `${text}\n${found.text}`,
      };
    },
    split,
  );
}

export const maeMethod: Method<Recipe> = {
  across: true,
  train,
  evaluate,
};

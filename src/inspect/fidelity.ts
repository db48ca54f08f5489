/** @file How like real images those that a run draws are: a Fréchet distance in the space of a classifier of ours. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Size } from "../base/size.ts";
import { talk } from "../base/talk.ts";
import {
  batches,
  firstImages,
  type ImageSource,
  localFile,
  type Normalisation,
  normalisation,
  normalise,
  resize,
} from "../data/index.ts";
import { SYMMETRIC } from "../evaluate/features.ts";
import { frechetDistance } from "../evaluate/metrics/index.ts";
import { type OfImages, openSplit } from "../method/build.ts";
import { readRecipe } from "../method/load-run.ts";
import { openModel } from "../method/open-model.ts";
import { loadRun } from "../method/supervised/load.ts";
import type { GeneratorOptions } from "../method/views.ts";
import type { ImageClassifier } from "../model/index.ts";
import { record } from "../nn/index.ts";
import { cat, keep, noGrad, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { viewOf } from "./view-run.ts";

export interface FidelityOptions extends GeneratorOptions {
  /** A classifier of the same data, whose features are the space: run folder, file of weights, or name of a model that comes along. */
  classifier: string;
}

/** Squared distances to as many real test images, in the classifier's units. They are FD-ours: no FID. */
export interface Fidelity {
  /** Of images drawn without an image: from class Gaussians, or from noise. */
  samples: number;
  /** Of the loop's transcriptions of the same test images, where there is a loop. */
  transcriptions?: number;
  /** Of as many other real images: what a perfect model would have. */
  real: number;
}

/**
 * @throws {UsageError} runs of other methods, a classifier of other channels; {CheckpointError} damaged
 */
export async function fidelity(folder: string, options: FidelityOptions): Promise<Fidelity> {
  const open = await viewOf(folder, "fidelity");
  const judge = await openJudge(options.classifier);
  using classifier = judge.model;
  using generator = await open(folder, options);
  const { imageSize } = generator;
  const { data, seed } = readRecipe(folder);
  const recipe = { data: data as OfImages["data"], model: { imageSize }, seed };
  const test = await openSplit(recipe, "test");
  const train = await openSplit(recipe, "train");
  if (train.channels !== (classifier.options.channels ?? 3))
    throw new UsageError(
      `${options.classifier}: expected a classifier of images with ${train.channels} channels`,
    );
  const constants = judge.normalisation(train);
  const space = (images: Tensor) => judgeFeatures(classifier, images, judge.imageSize, constants);
  using real = await imagesOf(firstImages(test, options.count), imageSize);
  using other = await imagesOf(firstImages(train, options.count), imageSize);
  using target = space(real);
  const distance = (images: Tensor): number => {
    using found = space(images);
    return frechetDistance(found, target);
  };
  using drawn = await generator.draw(train);
  const found = { samples: distance(drawn), real: distance(other) };
  if (generator.transcribe === undefined) return found;
  using loop = generator.transcribe(real);
  return { ...found, transcriptions: distance(loop) };
}

/** All images of a source in [−1, 1]: [n, c, size, size]; the caller frees them. */
async function imagesOf(source: ImageSource, imageSize: Size): Promise<Tensor> {
  const given = { batchSize: source.count, imageSize, normalise: SYMMETRIC(source.channels) };
  for await (const { images } of batches(source, given))
    return keep(noGrad(() => scope(() => images.clone())));
  throw new UsageError(`${source.name}: expected images, got none`);
}

/** A classifier, and how its images are sized and normalised. */
interface Judge {
  model: ImageClassifier;
  imageSize: Size;
  /** Of images of this training set. */
  normalisation(train: ImageSource): Normalisation;
}

/** From its run, else from weights. */
async function openJudge(given: string): Promise<Judge> {
  const path = await localFile(given);
  if (existsSync(join(path, "recipe.json"))) {
    const { model, recipe } = loadRun(path, "best");
    const { imageSize } = recipe.model;
    return { model, imageSize, normalisation: (train) => normalisation(train, recipe.data.normalise) };
  }
  const { model, normalise: constants, notes } = openModel(path);
  for (const note of notes) talk(note);
  return { model, imageSize: model.options.imageSize, normalisation: () => constants };
}

/** What a classifier's head reads, of images in [−1, 1]: [n, d]; the caller frees it. */
function judgeFeatures(
  classifier: ImageClassifier,
  images: Tensor,
  size: Size,
  constants: Normalisation,
): Tensor {
  classifier.eval();
  const parts: Tensor[] = [];
  for (let at = 0; at < images.size(0); at += 500)
    scope(() => {
      const bytes = images
        .narrow(0, at, Math.min(500, images.size(0) - at))
        .add(1)
        .mul(127.5);
      const normal = normalise(bytes.size(2) === size ? bytes : resize(bytes, size), constants);
      const { found } = noGrad(() => record(classifier, ["pooled"], () => classifier.apply(normal)));
      parts.push(keep(found.get("pooled")!));
    });
  try {
    return cat(parts);
  } finally {
    for (const part of parts) part.dispose();
  }
}

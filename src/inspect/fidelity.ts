/** @file How like real images those that a run draws are: a Fréchet distance in the space of a classifier of ours. */

import type { Size } from "../base/size.ts";
import {
  batches,
  type ImageSource,
  type Normalisation,
  normalisation,
  normalise,
  openSource,
  resize,
  sourceSubset,
} from "../data/index.ts";
import { featuresOf, SYMMETRIC } from "../evaluate/features.ts";
import { frechetDistance } from "../evaluate/metrics/index.ts";
import { classModel } from "../method/ctrl/class-model.ts";
import { sampleImages, transcribe } from "../method/ctrl/pictures.ts";
import { restorePlayers, withImageSize } from "../method/ctrl/run.ts";
import { measureStatistics } from "../method/ctrl/statistics.ts";
import { drawImages, restoreGenerative, SIDE } from "../method/generative/run.ts";
import { openRunOf } from "../method/load-run.ts";
import { isOf } from "../method/recipe.ts";
import { loadRun } from "../method/supervised/load.ts";
import { type Module, record } from "../nn/index.ts";
import { cat, keep, noGrad, random, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";

export interface FidelityOptions {
  checkpoint: string;
  /** Run folder of a classifier trained on the same data: its features are the space. */
  classifier: string;
  /** Images of each kind. */
  count: number;
  /** Principal components that a class's samples vary along (closed loops). */
  components: number;
  seed: number;
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
 * @throws {UsageError} runs of other methods, images of another size than the classifier's that cannot be brought to it
 */
export async function fidelity(folder: string, options: FidelityOptions): Promise<Fidelity> {
  const { count, components, seed } = options;
  const { recipe, checkpoint } = openRunOf(
    folder,
    options.checkpoint,
    ["ctrl", "ictrl", "generative"],
    "fidelity",
  );
  const judge = loadRun(options.classifier, "best");
  using classifier = judge.model;
  try {
    const { name, dir } = recipe.data;
    const place = dir === undefined ? {} : { dir };
    const test = await openSource(name, { split: "test", imageSize: SIDE, ...place });
    const train = await openSource(name, { split: "train", imageSize: SIDE, ...place });
    if (train.channels !== (classifier.options.channels ?? 3))
      throw new UsageError(
        `${options.classifier}: expected a classifier of images with ${train.channels} channels`,
      );
    const space = async (images: Tensor) =>
      judgeFeatures(
        classifier,
        images,
        judge.recipe.model.imageSize,
        normalisation(train, judge.recipe.data.normalise),
      );
    using real = await imagesOf(first(test, count), SIDE);
    using other = await imagesOf(first(train, count), SIDE);
    using target = await space(real);
    const distance = async (images: Tensor): Promise<number> => {
      using found = await space(images);
      return frechetDistance(found, target);
    };
    const draws = random(seed).at("fidelity");
    if (isOf(recipe, "generative")) {
      using players = restoreGenerative(recipe, checkpoint, "cpu");
      using drawn = drawImages(players, recipe.model.features, count, draws);
      return { samples: await distance(drawn), real: await distance(other) };
    }
    using players = restorePlayers(recipe, checkpoint, "cpu");
    const { imageSize } = withImageSize(recipe).model;
    if (isOf(recipe, "ctrl")) await measureStatistics(players.nets, first(train, 3000), { imageSize });
    using features = await featuresOf(players.nets.encoder, first(train, 5000), { imageSize });
    const { length: classes } = train.classes;
    using drawn = scope(() =>
      cat(
        Array.from({ length: classes }, (_, k) => {
          const model = classModel(features.Z.index([features.labels.eq(k)]), components);
          const rows = Math.ceil(count / classes);
          return sampleImages(players.nets.decoder, model, draws.at(`class.${k}`).normal([rows, components]));
        }),
      ),
    );
    using loop = transcribe(players.nets, real);
    return {
      samples: await distance(drawn),
      transcriptions: await distance(loop),
      real: await distance(other),
    };
  } finally {
    freeCheckpoint(checkpoint);
  }
}

const first = (source: ImageSource, count: number): ImageSource =>
  sourceSubset(
    source,
    Int32Array.from({ length: Math.min(count, source.count) }, (_, i) => i),
  );

/** All images of a source in [−1, 1]: [n, c, size, size]; the caller frees them. */
async function imagesOf(source: ImageSource, imageSize: Size): Promise<Tensor> {
  const given = { batchSize: source.count, imageSize, normalise: SYMMETRIC(source.channels) };
  for await (const { images } of batches(source, given))
    return keep(noGrad(() => scope(() => images.clone())));
  throw new UsageError(`${source.name}: expected images, got none`);
}

/** What a classifier's head reads, of images in [−1, 1]: [n, d]; the caller frees it. */
function judgeFeatures(classifier: Module, images: Tensor, size: Size, constants: Normalisation): Tensor {
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

/** @file Pictures of a closed loop's run: transcriptions, traversals, interpolations, samples of each class. */

import { gridPixels } from "../../chart/pixels.ts";
import { batches } from "../../data/index.ts";
import { type Features, featuresOf, SYMMETRIC } from "../../evaluate/features.ts";
import { cat, keep, type Random, random, scope, stack, type Tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { measureStatisticsOf, someOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import { isOf } from "../recipe.ts";
import type { ReconstructOptions, SampleOptions, ViewOptions } from "../views.ts";
import { writePicture } from "../write-picture.ts";
import { type ClassModel, classModel } from "./class-model.ts";
import { transcriptionPixels } from "./figures.ts";
import { interpolate, sampleImages, transcribe, traverse } from "./pictures.ts";
import type { Players } from "./players.ts";
import { restorePlayers, withImageSize } from "./run.ts";

/** What the views work on: players, and how images are given to them. */
interface Opened {
  players: Players;
  imageSize: number;
  channels: number;
  classes: readonly string[];
  features(samples: number): Promise<Features>;
  images(count: number): Promise<Tensor>;
}

/** Images that a class's model is fitted to, for all classes together. */
const FITTED = 5000;

async function withRun<T>(
  folder: string,
  { checkpoint: which, split }: ViewOptions,
  body: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { recipe, checkpoint } = openRunOf(folder, which, ["ctrl", "ictrl"], "pictures");
  try {
    const { imageSize } = withImageSize(recipe).model;
    using players = restorePlayers(recipe, checkpoint, "cpu");
    if (isOf(recipe, "ctrl")) await measureStatisticsOf(players, recipe, imageSize);
    const { channels, classes } = (checkpoint.config as { dataset: Pick<Opened, "channels" | "classes"> })
      .dataset;
    return await body({
      ...{ players, imageSize, channels, classes },
      async features(samples) {
        const source = await someOf(recipe, split, samples, imageSize);
        try {
          return await featuresOf(players.nets.encoder, source, { imageSize });
        } finally {
          await source.close();
        }
      },
      async images(count) {
        const source = await someOf(recipe, split, count, imageSize);
        const given = { batchSize: count, imageSize, normalise: SYMMETRIC(source.channels) };
        try {
          for await (const { images } of batches(source, given)) return scope(() => keep(images.clone()));
        } finally {
          await source.close();
        }
        throw new UsageError(`${recipe.data.name}: expected images, got none`);
      },
    });
  } finally {
    freeCheckpoint(checkpoint);
  }
}

const FLAGS = { maskRatio: "--mask-ratio", mask: "--mask", seed: "--seed" } as const;

/**
 * Images above what the loop makes of them, eight in a row.
 * @returns the path of the picture
 * @throws {UsageError} a run of another method; {CheckpointError} damaged; {DiskError} cannot be written
 */
export async function drawTranscription(folder: string, options: ReconstructOptions): Promise<string> {
  const asked = (["maskRatio", "mask", "seed"] as const).find((key) => options[key] !== undefined);
  if (asked !== undefined)
    throw new UsageError(`${folder}: a closed loop masks nothing; leave out ${FLAGS[asked]}`, {
      path: FLAGS[asked],
    });
  return await withRun(folder, options, async ({ players, images }) => {
    using given = await images(options.count);
    using made = transcribe(players.nets, given);
    return await writePicture(folder, options, "transcription", transcriptionPixels(given, made));
  });
}

/**
 * Pictures that no image was given for: of each class's Gaussian, along a class's components, or between two images.
 * @returns the path of the picture
 */
export function drawSamples(folder: string, options: SampleOptions): Promise<string> {
  return withRun(folder, options, async (opened) => {
    using features = await opened.features(FITTED);
    const draws = random(options.seed).at("sample");
    const draw = { classes: drawClasses, traverse: drawTraversal, interpolate: drawInterpolation }[
      options.kind
    ];
    using grid = scope(() => draw(opened, features, options, draws));
    return await writePicture(folder, options, options.kind, gridPixels(grid));
  });
}

/** The features of one class, [n_k, d]. @throws {UsageError} too few of them */
function ofClass({ Z, labels }: Features, label: number, atLeast: number): Tensor {
  const rows = Z.index([labels.eq(label)]);
  if (rows.size(0) < atLeast)
    throw new UsageError(`class ${label}: expected at least ${atLeast} images of it, found ${rows.size(0)}`);
  return rows;
}

function modelOf(features: Features, label: number, components: number): ClassModel {
  return classModel(ofClass(features, label, components + 1), components);
}

function chosenClass({ class: label = 0 }: SampleOptions, { classes }: Opened): number {
  if (label < classes.length) return label;
  throw new UsageError(`--class: expected 0 to ${classes.length - 1}, got ${label}`, { path: "--class" });
}

/** A row of samples for each class: [K, columns, c, H, W] */
function drawClasses(opened: Opened, features: Features, options: SampleOptions, draws: Random): Tensor {
  const { columns, components } = options;
  const chosen =
    options.class === undefined ? opened.classes.map((_, k) => k) : [chosenClass(options, opened)];
  return stack(
    chosen.map((k) => {
      const normals = draws.at(`class.${k}`).normal([columns, components]);
      return sampleImages(opened.players.nets.decoder, modelOf(features, k, components), normals);
    }),
  );
}

/** A row for each component of a class, from one of its images on: [components, columns, c, H, W] */
function drawTraversal(opened: Opened, features: Features, options: SampleOptions): Tensor {
  const { columns, components } = options;
  const label = chosenClass(options, opened);
  const model = modelOf(features, label, components);
  const start = ofClass(features, label, 1).narrow(0, 0, 1);
  const { decoder } = opened.players.nets;
  return cat(Array.from({ length: components }, (_, j) => traverse(decoder, start, model, j, columns)));
}

/** A row from an image of each class to one of the next: [K, columns, c, H, W] */
function drawInterpolation(opened: Opened, features: Features, options: SampleOptions): Tensor {
  const first = (k: number) => ofClass(features, k, 1).narrow(0, 0, 1);
  const { length } = opened.classes;
  const ends = (shift: number) => cat(Array.from({ length }, (_, k) => first((k + shift) % length)));
  return interpolate(opened.players.nets.decoder, ends(0), ends(1), options.columns);
}

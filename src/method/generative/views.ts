/** @file Pictures that VAE, DCGAN and SNGAN draw from noise. */

import { gridPixels } from "../../chart/pixels.ts";
import { random, scope, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { openRunOf } from "../load-run.ts";
import type { SampleOptions } from "../views.ts";
import { writePicture } from "../write-picture.ts";
import { drawImages, restoreGenerative } from "./run.ts";

/** What a comparator makes of noise, ten rows. */
export async function drawFromNoise(folder: string, options: SampleOptions): Promise<string> {
  if (options.kind !== "classes")
    throw new UsageError(`--kind: a comparator draws from noise alone, got ${options.kind}`, {
      path: "--kind",
    });
  const { recipe, checkpoint } = openRunOf(folder, options.checkpoint, ["generative"], "pictures");
  try {
    using players = restoreGenerative(recipe, checkpoint, "cpu");
    const [rows, columns] = [10, options.columns];
    using made = drawImages(
      players,
      recipe.model.features,
      rows * columns,
      random(options.seed).at("sample"),
    );
    using grid = scope(() => made.reshape([rows, columns, ...made.shape.slice(1)]));
    return await writePicture(folder, options, "samples", gridPixels(grid));
  } finally {
    freeCheckpoint(checkpoint);
  }
}

/** @file What a run's model makes of the images of a split, for methods and files that take features. */

import { UsageError } from "../tensor/index.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";
import { chooseDevice } from "../train/precision.ts";
import { openRun } from "./load-run.ts";
import type { NamedFeatures } from "./method.ts";
import { methodOf } from "./registry.ts";
import type { EvaluateOptions } from "./run-types.ts";

/**
 * Features [n, d] with labels, in the order of the set; the caller frees them.
 * @param options.dir folder of the images, where it is another than the recipe's
 * @throws {UsageError} no run, or one whose method has no features
 */
export async function runFeatures(
  folder: string,
  options: EvaluateOptions & { dir?: string },
): Promise<NamedFeatures> {
  const { recipe, checkpoint } = openRun(folder, options.checkpoint);
  try {
    const { features } = await methodOf(recipe);
    if (features === undefined)
      throw new UsageError(
        `${folder}: a run of ${recipe.method.name} has no features; take one of an encoder`,
        {
          path: folder,
        },
      );
    const device = chooseDevice(recipe.train.device);
    const given =
      options.dir === undefined ? recipe : { ...recipe, data: { ...recipe.data, dir: options.dir } };
    return await features(given as typeof recipe, { folder, checkpoint, split: options.split, device });
  } finally {
    freeCheckpoint(checkpoint);
  }
}

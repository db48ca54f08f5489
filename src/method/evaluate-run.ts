/** @file `vitrine eval`: a trained run, evaluated as its method's paper does. */

import { freeCheckpoint } from "../train/checkpoint.ts";
import { chooseDevice } from "../train/precision.ts";
import { openRun } from "./load-run.ts";
import type { Scores } from "./method.ts";
import { methodOf } from "./registry.ts";
import type { EvaluateOptions } from "./run-types.ts";

/**
 * A checkpoint's scores, without augmentation.
 * @throws {UsageError} no run in the folder; {CheckpointError} damaged; {DataError} no data
 */
export async function evaluateRun(folder: string, options: EvaluateOptions): Promise<Scores> {
  const { recipe, checkpoint } = openRun(folder, options.checkpoint);
  try {
    const device = chooseDevice(recipe.train.device);
    const trained = { folder, checkpoint, split: options.split, device };
    return await (await methodOf(recipe)).evaluate(recipe, trained);
  } finally {
    freeCheckpoint(checkpoint);
  }
}

/** @file `vitrine eval`: a trained run, evaluated as its method's paper does. */

import { readWorld } from "../base/world.ts";
import { native } from "../tensor/index.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";
import { chooseDevice } from "../train/precision.ts";
import { openRun } from "./load-run.ts";
import type { Scores } from "./method.ts";
import { methodOf } from "./registry.ts";
import type { EvaluateOptions } from "./run-types.ts";
import { agree, requireAcross, threadsOf, together } from "./world.ts";

/**
 * A checkpoint's scores, without augmentation; several processes (`readWorld`) find them together, each on its part of the
 * images.
 * @throws {UsageError} no run in the folder, or not the same on all processes; {CheckpointError} damaged; {DataError} no data
 */
export async function evaluateRun(folder: string, options: EvaluateOptions): Promise<Scores> {
  const world = readWorld();
  const { recipe, checkpoint } = openRun(folder, options.checkpoint);
  try {
    const method = await methodOf(recipe);
    requireAcross(world, method, recipe.method.name);
    const share = world.size === 1 ? undefined : (recipe.train.threads ?? threadsOf(world));
    if (share !== undefined) native().setThreads(share);
    const { split } = options;
    const trained = { folder, checkpoint, split, device: chooseDevice(recipe.train.device, world) };
    return await together(world, trained.device, (across) => {
      const settings = { ...recipe, evaluated: { split, checkpoint: checkpoint.name } };
      if (across !== undefined) agree(across, { output: "", settings });
      return method.evaluate(recipe, { ...trained, across });
    });
  } finally {
    freeCheckpoint(checkpoint);
  }
}

/** @file `vitrine train`: a recipe, a run folder, a trained model. */

import { makeFolder } from "../base/write-file.ts";
import { native } from "../tensor/index.ts";
import { failpoint } from "../train/failpoint.ts";
import { removeTemporaries } from "../train/leftovers.ts";
import { chooseDevice } from "../train/precision.ts";
import { lockRun } from "../train/run-lock.ts";
import type { Recipe } from "./recipe.ts";
import { methodOf } from "./registry.ts";
import type { RunResult, TrainRunOptions } from "./run-types.ts";

/**
 * Trains by a recipe into a run folder, which is this process's alone meanwhile.
 * @throws {UsageError} no such device; the folder is in use; the recipe or the data is not the resumed run's
 * @throws {DiskError} the folder cannot be written, before anything is computed
 * @throws {StoppedError} on a signal, after saving; {NotFiniteError} naming step and place
 */
export async function trainRun(recipe: Recipe, options: TrainRunOptions): Promise<RunResult> {
  const { device, threads, deterministic } = recipe.train;
  const { maxSeconds = Number.POSITIVE_INFINITY } = options;
  const deadline = performance.now() + 1000 * maxSeconds;
  const place = { ...options, device: chooseDevice(device), deadline };
  makeFolder(options.output);
  using _lock = lockRun(options.output);
  removeTemporaries(options.output);
  failpoint("run.lock");
  if (threads !== undefined) native().setThreads(threads);
  native().setDeterministic(deterministic);
  return await (await methodOf(recipe)).train(recipe, place);
}

/** @file `vitrine train`: a recipe, a run folder, a trained model. */

import { readWorld } from "../base/world.ts";
import { makeFolder } from "../base/write-file.ts";
import { native } from "../tensor/index.ts";
import { failpoint } from "../train/failpoint.ts";
import { removeTemporaries } from "../train/leftovers.ts";
import { chooseDevice, type Precision, withPrecision } from "../train/precision.ts";
import { lockRun } from "../train/run-lock.ts";
import type { TrainPlace } from "./method.ts";
import type { Recipe } from "./recipe.ts";
import { methodOf } from "./registry.ts";
import type { RunResult, TrainRunOptions } from "./run-types.ts";
import { agree, requireAcross, threadsOf, together } from "./world.ts";

/**
 * Trains by a recipe into a run folder, which is this process's alone meanwhile. Several processes (`readWorld`) train as
 * one, into rank 0's folder.
 * @throws {UsageError} no such device; the folder is in use; the recipe or the data is not the resumed run's
 * @throws {DiskError} the folder cannot be written, before anything is computed
 * @throws {StoppedError} on a signal, after saving; {NotFiniteError} naming step and place
 */
export async function trainRun(recipe: Recipe, options: TrainRunOptions): Promise<RunResult> {
  const { device, threads, deterministic } = recipe.train;
  const { maxSeconds = Number.POSITIVE_INFINITY } = options;
  const world = readWorld();
  const method = await methodOf(recipe);
  requireAcross(world, method, recipe.method.name);
  const deadline = performance.now() + 1000 * maxSeconds;
  const share = threads ?? threadsOf(world);
  if (share !== undefined) native().setThreads(share);
  native().setDeterministic(deterministic);
  const place = { ...options, device: chooseDevice(device, world), deadline };
  const { precision } = recipe.train as { precision?: Precision };
  const train = (at: TrainPlace) => withPrecision(precision, at.device, () => method.train(recipe, at));
  return await together(world, place.device, async (across) => {
    if (across === undefined) return await writing(place, () => train(place));
    const own = { output: options.output, resume: options.resume, settings: recipe };
    const { output, resume } = agree(across, own);
    const shared = { ...place, output, ...(resume !== undefined && { resume }), across };
    return across.rank === 0 ? await writing(shared, () => train(shared)) : await train(shared);
  });
}

/** Runs `body` with the folder made, and this process's alone. */
async function writing<T>({ output }: TrainRunOptions, body: () => Promise<T>): Promise<T> {
  makeFolder(output);
  using _lock = lockRun(output);
  removeTemporaries(output);
  failpoint("run.lock");
  return await body();
}

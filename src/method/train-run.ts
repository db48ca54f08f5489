/** @file `vitrine train`: a recipe, a run folder, a trained model. */

import { availableParallelism } from "node:os";
import { UsageError } from "../base/errors.ts";
import { talk } from "../base/talk.ts";
import { readWorld, threadsHere, type World } from "../base/world.ts";
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
  const world = readWorld();
  if (world.size > 1)
    throw new UsageError(
      `train: expected one process, got WORLD_SIZE ${world.size}: steps are not shared among processes yet`,
    );
  const deadline = performance.now() + 1000 * maxSeconds;
  const place = { ...options, device: chooseDevice(device), deadline };
  makeFolder(options.output);
  using _lock = lockRun(options.output);
  removeTemporaries(options.output);
  failpoint("run.lock");
  const share = threads ?? shareOf(world);
  if (share !== undefined) native().setThreads(share);
  native().setDeterministic(deterministic);
  return await (await methodOf(recipe)).train(recipe, place);
}

/** Threads of one of several processes, said in a line; libtorch chooses for a process on its own. */
function shareOf(world: World): number | undefined {
  if (world.size === 1) return undefined;
  const threads = threadsHere(world);
  if (world.localRank === 0)
    talk(
      `train.threads: ${threads}, of ${availableParallelism()} cores for ${world.localSize} of ${world.size} processes`,
    );
  return threads;
}

/** @file `vitrine train`: a recipe, a run folder, a trained model. */

import { availableParallelism } from "node:os";
import { StoppedError, UsageError } from "../base/errors.ts";
import { talk } from "../base/talk.ts";
import { readWorld, threadsHere, type World } from "../base/world.ts";
import { makeFolder } from "../base/write-file.ts";
import { native } from "../tensor/index.ts";
import { failpoint } from "../train/failpoint.ts";
import { removeTemporaries } from "../train/leftovers.ts";
import { chooseDevice, type Precision, withTF32 } from "../train/precision.ts";
import { lockRun } from "../train/run-lock.ts";
import type { TrainPlace } from "./method.ts";
import type { Recipe } from "./recipe.ts";
import { methodOf } from "./registry.ts";
import type { RunResult, TrainRunOptions } from "./run-types.ts";
import { agree, joinWorld } from "./world.ts";

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
  if (world.size > 1 && method.across !== true)
    throw new UsageError(
      `method.name: ${recipe.method.name} trains in one process, got WORLD_SIZE ${world.size}; start it without vitrine launch`,
      { path: "method.name" },
    );
  const deadline = performance.now() + 1000 * maxSeconds;
  const share = threads ?? shareOf(world);
  if (share !== undefined) native().setThreads(share);
  native().setDeterministic(deterministic);
  const place = { ...options, device: chooseDevice(device), deadline };
  const { precision } = recipe.train as { precision?: Precision };
  const train = (at: TrainPlace) => withTF32(precision, at.device, () => method.train(recipe, at));
  const across = await joinWorld(world);
  if (across === undefined) return await writing(place, () => train(place));
  let failed = true;
  try {
    const { output, resume } = agree(across, {
      output: options.output,
      resume: options.resume,
      settings: recipe,
    });
    const shared = { ...place, output, ...(resume !== undefined && { resume }), across };
    const result = across.rank === 0 ? await writing(shared, () => train(shared)) : await train(shared);
    failed = false;
    return result;
  } catch (error) {
    failed = !(error instanceof StoppedError); // all have stopped at the same step
    throw error;
  } finally {
    await across.close({ failed });
  }
}

/** Runs `body` with the folder made, and this process's alone. */
async function writing<T>({ output }: TrainRunOptions, body: () => Promise<T>): Promise<T> {
  makeFolder(output);
  using _lock = lockRun(output);
  removeTemporaries(output);
  failpoint("run.lock");
  return await body();
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

/** @file `vitrine train`: a recipe, a run folder, a trained model. */

import { join } from "node:path";
import { native } from "../tensor/index.ts";
import { makeFolder, writeFileAtomic } from "../tensor/write-file.ts";
import { prepareCheckpoints } from "../train/checkpoint.ts";
import { chooseDevice } from "../train/precision.ts";
import { lockRun } from "../train/run-lock.ts";
import { Trainer } from "../train/trainer.ts";
import { batchOptions, buildModel, type Splits, withSplits } from "./build.ts";
import type { Recipe } from "./recipe.ts";
import { resumeFrom } from "./resume.ts";
import type { RunConfig, RunResult, TrainRunOptions } from "./run-types.ts";
import { Supervised } from "./supervised.ts";

/**
 * Trains by a recipe into a run folder, which is this process's alone meanwhile.
 * @throws {UsageError} no such device; the folder is in use; the recipe or the data is not the resumed run's
 * @throws {DiskError} the folder cannot be written, before anything is computed
 * @throws {StoppedError} on a signal, after saving; {NotFiniteError} naming step and place
 */
export async function trainRun(recipe: Recipe, options: TrainRunOptions): Promise<RunResult> {
  const { output: folder } = options;
  const device = chooseDevice(recipe.train.device);
  makeFolder(folder);
  using _lock = lockRun(folder);
  return await withSplits(recipe, (splits) => trainOn(splits, recipe, { ...options, device }));
}

/** Trains by a recipe on data that is open already. The folder exists, and no other process writes to it. */
export async function trainOn(
  { train, test }: Splits,
  recipe: Recipe,
  options: TrainRunOptions & { device: string },
): Promise<RunResult> {
  const { output: folder, device, maxSteps, progress, tensorboard } = options;
  const { optimizer, weightDecay, betas, momentum, threads, deterministic, ...settings } = recipe.train;
  if (threads !== undefined) native().setThreads(threads);
  native().setDeterministic(deterministic);
  using model = buildModel(recipe, train).to(device);
  const batch = batchOptions(recipe, train, device);
  const task = new Supervised(model, { smoothing: recipe.method.smoothing, train, test, batch });
  const { channels, classes } = train;
  const config: RunConfig = { ...recipe, dataset: { fingerprint: train.fingerprint(), channels, classes } };
  const resume = resumeFrom(config, options);
  prepareCheckpoints(join(folder, "checkpoints"));
  writeFileAtomic(join(folder, "recipe.json"), `${JSON.stringify(recipe, null, 2)}\n`);
  const rule = {
    name: optimizer,
    weightDecay,
    ...(betas && { betas }),
    ...(momentum !== undefined && { momentum }),
  };
  const where = { folder, device, maxSteps, progress, tensorboard };
  const trainer = new Trainer(task, { ...settings, ...where, config, optimizer: rule, resume });
  const { steps, epochs, seconds, evaluation } = await trainer.run();
  return { folder, steps, epochs, accuracy: evaluation.top1, loss: evaluation.loss, seconds };
}

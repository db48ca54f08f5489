/** @file `vitrine train`: a recipe, a run folder, a trained model. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { native, UsageError } from "../tensor/index.ts";
import { type LoadedCheckpoint, loadCheckpoint } from "../train/checkpoint.ts";
import { chooseDevice } from "../train/precision.ts";
import { Trainer } from "../train/trainer.ts";
import { writeFileAtomic } from "../train/write-file.ts";
import { batchOptions, buildModel, openSplit } from "./build.ts";
import type { Recipe } from "./recipe.ts";
import type { RunConfig, RunResult, TrainRunOptions } from "./run-types.ts";
import { Supervised } from "./supervised.ts";

/** Settings that do not change what is learned: a run may go on with others. */
const FREE = new Set([
  "data.dir",
  "data.workers",
  "train.device",
  "train.threads",
  "train.keep",
  "train.logInterval",
  "about",
]);

/** Trains by a recipe into a run folder. @throws {StoppedError} on a signal, after saving */
export async function trainRun(recipe: Recipe, options: TrainRunOptions): Promise<RunResult> {
  const { output: folder } = options;
  const { train: settings } = recipe;
  mkdirSync(folder, { recursive: true });
  const device = chooseDevice(settings.device);
  if (settings.threads !== undefined) native().setThreads(settings.threads);
  native().setDeterministic(settings.deterministic);
  const [train, test] = [await openSplit(recipe, "train"), await openSplit(recipe, "test")];
  const resume = resumeFrom(recipe, options, train.fingerprint());
  using model = buildModel(recipe, train).to(device);
  const batch = batchOptions(recipe, train, device);
  const { accumulate } = settings;
  const task = new Supervised(model, { smoothing: recipe.method.smoothing, accumulate, train, test, batch });
  writeFileAtomic(join(folder, "recipe.json"), `${JSON.stringify(recipe, null, 2)}\n`);
  const { channels, classes } = train;
  const config: RunConfig = { ...recipe, dataset: { fingerprint: train.fingerprint(), channels, classes } };
  const { optimizer, weightDecay, betas, momentum, ...rest } = settings;
  const trainer = new Trainer(task, {
    ...rest,
    folder,
    config,
    optimizer: {
      name: optimizer,
      weightDecay,
      ...(betas && { betas }),
      ...(momentum !== undefined && { momentum }),
    },
    device,
    maxSteps: options.maxSteps,
    progress: options.progress,
    tensorboard: options.tensorboard,
    resume,
  });
  try {
    const { steps, epochs, seconds, evaluation } = await trainer.run();
    const { top1: accuracy, loss } = evaluation!;
    return { folder, steps, epochs, accuracy, loss, seconds };
  } finally {
    train.close();
    test.close();
  }
}

/** The checkpoint to go on from, if its run was by this recipe and on this data. */
function resumeFrom(
  recipe: Recipe,
  options: TrainRunOptions,
  fingerprint: string,
): LoadedCheckpoint | undefined {
  if (options.resume === undefined) return undefined;
  const loaded = loadCheckpoint(join(options.output, "checkpoints"), options.resume);
  if (loaded === undefined) return undefined;
  for (const { name, reason } of loaded.skipped)
    process.stderr.write(`warning: skipped ${name}: ${reason}\n`);
  const saved = join(options.output, "recipe.json");
  const before = existsSync(saved) ? (JSON.parse(readFileSync(saved, "utf8")) as Recipe) : recipe;
  const changed = differences(before, recipe).filter((path) => !FREE.has(path));
  if ((loaded.config as RunConfig).dataset.fingerprint !== fingerprint)
    changed.push("the data set's contents");
  if (changed.length > 0 && !options.allowConfigChange)
    throw new UsageError(
      `resume: the run in ${options.output} differs in ${changed.join(", ")}; give the same settings, or --allow-config-change`,
    );
  return loaded;
}

/** Dotted paths whose values differ. */
function differences(a: unknown, b: unknown, path = ""): string[] {
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null && !Array.isArray(a)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    const at = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];
    return [...keys].flatMap((key) =>
      differences(at(a, key), at(b, key), path === "" ? key : `${path}.${key}`),
    );
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
}

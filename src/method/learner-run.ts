/** @file A learner trained by recipe: what the runs of all methods have in common. */

import type { Learner } from "../train/index.ts";
import { runSteps } from "../train/loop.ts";
import type { AnyRecipe } from "./entry.ts";
import type { TrainPlace } from "./method.ts";
import { type BegunRun, beginRun } from "./resume.ts";
import type { RunResult } from "./run-types.ts";

/** What of the data is noted in checkpoints. */
type DataInfo = Parameters<typeof beginRun>[1];

/**
 * Runs a learner to its end in a run folder.
 * @param files what else of the run is text: contents by name, written beside the recipe
 * @throws {StoppedError} on a signal, after saving; {NotFiniteError} a number that is not finite
 */
export function trainLearner<Batch>(
  learner: Learner<Batch>,
  recipe: AnyRecipe,
  data: DataInfo,
  place: TrainPlace,
  files: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return goOnWith(learner, beginRun(recipe, data, place, files), recipe, place);
}

/** The same of a run that has begun. */
export async function goOnWith<Batch>(
  learner: Learner<Batch>,
  { config, resume }: BegunRun,
  { train: { keep, logInterval, checkpointEvery } }: AnyRecipe,
  { output: folder, maxSteps, deadline, progress, tensorboard }: TrainPlace,
): Promise<RunResult> {
  const kept = { keep, logInterval, checkpointEvery, maxSteps, deadline, progress, tensorboard };
  const { steps, seconds, milestone } = await runSteps(learner, { folder, config, resume, ...kept });
  const { numbers, text } = milestone?.result ?? milestone ?? NOTHING;
  return { folder, steps, seconds, numbers, text };
}

const NOTHING = { numbers: {}, text: "stopped before an evaluation" };

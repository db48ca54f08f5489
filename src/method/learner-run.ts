/** @file A learner trained by recipe: what every method with steps of its own has in common. */

import type { Learner } from "../train/index.ts";
import { runSteps } from "../train/step-trainer.ts";
import type { TrainPlace } from "./method.ts";
import type { Recipe } from "./recipe.ts";
import { beginRun } from "./resume.ts";
import type { RunResult } from "./run-types.ts";

/** What of the data is noted in checkpoints. */
type DataInfo = Parameters<typeof beginRun>[1];

/**
 * Runs a learner to its end in a run folder.
 * @param files what else of the run is text: contents by name, written beside the recipe
 * @throws {StoppedError} on a signal, after saving; {NotFiniteError} a loss that is not finite
 */
export async function trainLearner<Batch>(
  learner: Learner<Batch>,
  recipe: Extract<Recipe, { train: { logInterval: number } }>,
  data: DataInfo,
  place: TrainPlace,
  files: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const { config, resume } = beginRun(recipe, data, place, files);
  const { output: folder, maxSteps, deadline, progress, tensorboard } = place;
  const { keep, logInterval, checkpointEvery } = recipe.train;
  const kept = { keep, logInterval, checkpointEvery, maxSteps, deadline, progress, tensorboard };
  const { steps, seconds, milestone } = await runSteps(learner, { folder, config, resume, ...kept });
  return {
    folder,
    steps,
    seconds,
    numbers: milestone?.numbers ?? {},
    text: milestone?.text ?? "stopped before an evaluation",
  };
}

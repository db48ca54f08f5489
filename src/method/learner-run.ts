/** @file A learner trained by recipe: what the runs of all methods have in common. */

import type { Split } from "../data/index.ts";
import type { Learner } from "../train/index.ts";
import { runSteps } from "../train/loop.ts";
import type { AnyRecipe } from "./entry.ts";
import type { TrainPlace } from "./method.ts";
import { type BegunRun, beginRun } from "./resume.ts";
import type { RunResult } from "./run-types.ts";
import { LayerWatch, sampleCount, type Watched } from "./watched.ts";

/** What of the data is noted in checkpoints. */
type DataInfo = Parameters<typeof beginRun>[1];

/** What else of a run there is. */
export interface LearnerRunOptions {
  /** Texts: contents by name, written beside the recipe. */
  files?: Readonly<Record<string, string>>;
  /** The network whose layers are measured at each evaluation, into probes.jsonl. */
  watched?: Watched;
  /** The split that its evaluations are made on. */
  measured?: Split;
}

/**
 * Runs a learner to its end in a run folder.
 * @throws {StoppedError} on a signal, after saving; {NotFiniteError} a number that is not finite
 */
export function trainLearner<Batch>(
  learner: Learner<Batch>,
  recipe: AnyRecipe,
  data: DataInfo,
  place: TrainPlace,
  { files, ...options }: LearnerRunOptions = {},
): Promise<RunResult> {
  return goOnWith(learner, beginRun(recipe, data, place, files), recipe, place, options);
}

/** The same of a run that has begun. */
export async function goOnWith<Batch>(
  learner: Learner<Batch>,
  { config, resume }: BegunRun,
  {
    train: { keep, logInterval, checkpointEvery, batchSize = 1, graph },
  }: AnyRecipe & { train: { batchSize?: number; graph?: boolean } },
  { output: folder, maxSteps, deadline, progress, tensorboard, across }: TrainPlace,
  { watched, measured }: Omit<LearnerRunOptions, "files"> = {},
): Promise<RunResult> {
  using layers =
    watched && new LayerWatch(watched, sampleCount((learner.evalEvery ?? learner.steps) * batchSize));
  const kept = {
    keep,
    logInterval,
    graph,
    checkpointEvery,
    maxSteps,
    deadline,
    progress,
    tensorboard,
    across,
  };
  const { milestone, ...outcome } = await runSteps(learner, {
    ...{ folder, config, resume, ...kept },
    ...(layers && { look: () => layers.look() }),
    ...(measured === "test" && { choosing: BY_TEST }),
  });
  const { numbers, text } = milestone?.result ?? milestone ?? NOTHING;
  return { folder, ...outcome, numbers, text };
}

/** Said of the best checkpoint, where it is chosen. */
const BY_TEST =
  "`best` is chosen by test data, as nothing is held out: its test score is a little high; --data.validation 0.1 holds out a tenth of the training data";

const NOTHING = { numbers: {}, text: "stopped before an evaluation" };

/** @file The loop of steps for learners that update themselves: journal, progress, checkpoints, stopping. */

import { join } from "node:path";
import { StoppedError, scope } from "../tensor/index.ts";
import { freeCheckpoint, holds, type LoadedCheckpoint, restoreBest, saveCheckpoint } from "./checkpoint.ts";
import { Journal } from "./journal.ts";
import type { Learner, Milestone } from "./learner.ts";
import { createProgress, type ProgressMode } from "./progress.ts";
import { Speed } from "./speed.ts";
import { listenForStop } from "./stop.ts";

export interface StepTrainerOptions {
  /** Run folder. */
  folder: string;
  /** Saved in every checkpoint. */
  config: object;
  /** Steps between checkpoints; one is also saved at every milestone and at the end. */
  checkpointEvery?: number | undefined;
  keep: number;
  logInterval: number;
  maxSteps?: number | undefined;
  progress: ProgressMode;
  tensorboard: boolean;
  /** A checkpoint to go on from; its tensors are freed. */
  resume?: LoadedCheckpoint | undefined;
}

/** Where a run is. Random streams follow from seed and step. */
interface Place {
  step: number;
  best: number | null;
  seconds: number;
}

export interface StepOutcome {
  steps: number;
  seconds: number;
  /** The last evaluation. */
  milestone: Milestone | undefined;
}

/**
 * Runs a learner to its end, or to `maxSteps`.
 * @throws {StoppedError} on a signal, with a checkpoint saved
 */
export async function runSteps<Batch>(
  learner: Learner<Batch>,
  options: StepTrainerOptions,
): Promise<StepOutcome> {
  const { folder, resume, tensorboard, keep } = options;
  const checkpoints = join(folder, "checkpoints");
  const place: Place = { step: 0, best: null, seconds: 0 };
  if (resume !== undefined) Object.assign(place, takeUp(learner, resume));
  const journal = new Journal(folder, { step: place.step, tensorboard });
  const total = Math.min(learner.steps, options.maxSteps ?? Number.POSITIVE_INFINITY);
  const progress = createProgress({ mode: options.progress, total, label: "train" });
  const stop = listenForStop((text) => progress.message(text));
  const speed = new Speed();
  const perSecond = `${learner.unit ?? "images"}PerSecond`;
  const started = performance.now();
  const seconds = () => place.seconds + (performance.now() - started) / 1000;
  const save = (best: boolean) => {
    journal.sync();
    const { state, ...tensors } = learner.snapshot();
    const snapshot = {
      config: options.config,
      ...tensors,
      state: { ...place, seconds: seconds(), learner: state },
    };
    saveCheckpoint(checkpoints, place.step, snapshot, { keep, best });
  };
  let milestone: Milestone | undefined;
  try {
    if (resume !== undefined) {
      if (!restoreBest(checkpoints, place.step)) place.best = null;
      if (!holds(checkpoints, resume.name)) save(place.step >= total); // another run's: it is this one's first
    }
    if (place.step < total)
      for await (const batch of learner.batches(place.step)) {
        const numbers = scope(() => learner.step(batch, place.step), "step");
        speed.add(learner.size(batch));
        const now = speed.now();
        place.step++;
        if (place.step % options.logInterval === 0)
          journal.write(place.step, { ...numbers, [`time/${perSecond}`]: now });
        progress.update(place.step, { ...numbers, [perSecond]: now });
        const found = await learner.after(place.step);
        const better = found?.score !== undefined && found.score > (place.best ?? Number.NEGATIVE_INFINITY);
        if (found !== undefined) {
          milestone = found;
          if (better) place.best = found.score!;
          journal.write(place.step, found.numbers);
          progress.message(found.text);
          speed.restart();
        }
        await new Promise(setImmediate); // signals are heard here
        const due = options.checkpointEvery !== undefined && place.step % options.checkpointEvery === 0;
        const end = stop.code !== undefined || place.step >= total;
        // where nothing is scored, the end is what is taken for the best
        if (found !== undefined || due || end) save(better || (end && place.best === null));
        if (stop.code !== undefined)
          throw new StoppedError(`stopped at step ${place.step}, saved; go on with --resume auto`, stop.code);
        if (end) break;
      }
    return { steps: place.step, seconds: seconds(), milestone };
  } finally {
    stop.dispose();
    progress.done();
    journal.close();
  }
}

function takeUp<Batch>(learner: Learner<Batch>, resume: LoadedCheckpoint): Place {
  const { learner: state, ...place } = resume.state as Place & { learner: object };
  try {
    learner.restore({ ...resume, state });
  } finally {
    freeCheckpoint(resume);
  }
  return place;
}

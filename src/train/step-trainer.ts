/** @file The loop of steps for learners that update themselves: journal, progress, checkpoints, stopping. */

import { join } from "node:path";
import { CheckpointError, StoppedError, scope } from "../tensor/index.ts";
import {
  freeCheckpoint,
  holds,
  type LoadedCheckpoint,
  reading,
  restoreBest,
  saveCheckpoint,
} from "./checkpoint.ts";
import { failpoint } from "./failpoint.ts";
import { Journal } from "./journal.ts";
import type { Learner, Milestone } from "./learner.ts";
import { createProgress, type ProgressMode } from "./progress.ts";
import { sayRate } from "./resumed-rate.ts";
import { Speed } from "./speed.ts";
import { listenForStop, type StopCode } from "./stop.ts";

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
  /** Stops as on a signal once `performance.now()` has come to this, in milliseconds. */
  deadline?: number | undefined;
  progress: ProgressMode;
  tensorboard: boolean;
  /** A checkpoint to go on from; its tensors are freed. */
  resume?: LoadedCheckpoint | undefined;
}

/** Where a run is. Random streams follow from seed and step. */
interface Place {
  step: number;
  best: number | null;
  /** Records of this step that metrics.jsonl held when it was saved; an older version did not note them. */
  records: number | undefined;
  seconds: number;
  /** The step at which the last evaluation was; one that is due at `step` is still to come where it is another. */
  evaluated: number;
  milestone: Milestone | null;
  /** Learning rate of the last step, where the learner says it. */
  lr?: number | undefined;
}

export interface StepOutcome {
  steps: number;
  seconds: number;
  /** The last evaluation, whichever process made it. */
  milestone: Milestone | undefined;
}

/**
 * Runs a learner to its end, or to `maxSteps`. A run that is there already is left as it is.
 * @throws {StoppedError} on a signal or at the deadline, with a checkpoint saved
 */
export async function runSteps<Batch>(
  learner: Learner<Batch>,
  options: StepTrainerOptions,
): Promise<StepOutcome> {
  const { folder, resume } = options;
  const checkpoints = join(folder, "checkpoints");
  const place: Place = { step: 0, best: null, seconds: 0, evaluated: 0, milestone: null, records: 0 };
  if (resume !== undefined) {
    Object.assign(place, takeUp(learner, resume));
    if (!restoreBest(checkpoints, place.step)) place.best = null;
  }
  const total = Math.min(learner.steps, options.maxSteps ?? Number.POSITIVE_INFINITY);
  const foreign = resume !== undefined && !holds(checkpoints, resume.name);
  if (foreign || place.step < total || isPending(learner, place))
    await goOn(learner, place, total, foreign, options);
  const { step: steps, seconds, milestone } = place;
  return { steps, seconds, milestone: milestone ?? undefined };
}

const isPending = <Batch>(learner: Learner<Batch>, { step, evaluated }: Place): boolean =>
  step !== evaluated && learner.due(step);

async function goOn<Batch>(
  learner: Learner<Batch>,
  place: Place,
  total: number,
  foreign: boolean,
  options: StepTrainerOptions,
): Promise<void> {
  const { folder, tensorboard, keep, checkpointEvery } = options;
  const journal = new Journal(folder, { step: place.step, records: place.records, tensorboard });
  const progress = createProgress({ mode: options.progress, total, label: "train" });
  const stop = listenForStop((text) => progress.message(text), options.deadline);
  const speed = new Speed();
  const perSecond = `${learner.unit ?? "images"}PerSecond`;
  const [before, started] = [place.seconds, performance.now()];
  const save = (best: boolean) => {
    place.seconds = before + (performance.now() - started) / 1000;
    place.records = journal.recordsOf(place.step);
    journal.sync();
    scope(() => {
      const { state, ...tensors } = learner.snapshot();
      const snapshot = { config: options.config, ...tensors, state: { ...place, learner: state } };
      saveCheckpoint(join(folder, "checkpoints"), place.step, snapshot, { keep, best });
    }, "save");
  };
  /** Whether it became the best. */
  const evaluate = async (): Promise<boolean> => {
    save(false); // whatever becomes of the evaluation, the steps are kept
    failpoint("train.evaluate");
    const found = await learner.evaluate(place.step);
    Object.assign(place, { milestone: found, evaluated: place.step });
    journal.write(place.step, found.numbers);
    progress.message(found.text);
    speed.restart();
    const { score = Number.NaN } = found;
    const better = score > (place.best ?? Number.NEGATIVE_INFINITY);
    if (better) place.best = score;
    return better;
  };
  /** Evaluates and saves where it is time to, and says whether the run ends here. */
  const pause = async (): Promise<boolean> => {
    await new Promise(setImmediate); // signals are heard here
    const pending = isPending(learner, place);
    const better = pending && stop.code === undefined && (await evaluate());
    const end = stop.code !== undefined || place.step >= total;
    const due = checkpointEvery !== undefined && place.step % checkpointEvery === 0;
    // where nothing is scored, the end is what is taken for the best
    if (pending || due || end) save(better || (end && place.best === null));
    const finished = place.step >= learner.steps && !isPending(learner, place);
    if (stop.code !== undefined && !finished) throw stopped(place.step, stop.code);
    return end;
  };
  try {
    if (foreign) save(place.step >= total); // another run's: it is this one's first
    if (isPending(learner, place) && (await pause())) return;
    if (place.step >= total) return;
    const from = place.step;
    const otherwise = (options.resume?.changed ?? []).length > 0;
    for await (const batch of learner.batches(from)) {
      const numbers = scope(() => learner.step(batch, place.step), "step");
      if (otherwise && place.step === from) sayRate(from, place.lr, numbers.lr);
      place.lr = numbers.lr;
      speed.add(learner.size(batch));
      const now = speed.now();
      place.step++;
      if (place.step % options.logInterval === 0)
        journal.write(place.step, { ...numbers, [`time/${perSecond}`]: now });
      progress.update(place.step, { ...numbers, [perSecond]: now });
      if (await pause()) return;
    }
  } finally {
    stop.dispose();
    progress.done();
    journal.close();
  }
}

const stopped = (step: number, code: StopCode): StoppedError =>
  new StoppedError(`stopped at step ${step}, saved; go on with --resume auto`, code);

/** @throws {CheckpointError} it is of no such learner */
function takeUp<Batch>(learner: Learner<Batch>, resume: LoadedCheckpoint): Partial<Place> {
  const { learner: state, ...place } = resume.state as Partial<Place> & { learner?: object };
  const { step } = place;
  try {
    if (state === undefined || step === undefined)
      throw new CheckpointError(
        `${resume.name} says nothing of the step it is from, as versions that could not go on saved it; start afresh in another folder`,
      );
    reading(resume, () => learner.restore({ ...resume, state }));
    return { evaluated: step, records: undefined, ...place }; // an older version saves what it has evaluated
  } finally {
    freeCheckpoint(resume);
  }
}

/** @file The training loop of every method: steps, evaluations, checkpoints, what is written, stopping, going on. */

import { join } from "node:path";
import { talk } from "../base/talk.ts";
import { type Group, NotFiniteError, PeerLostError, StoppedError, scope, tensor } from "../tensor/index.ts";
import { holds, type LoadedCheckpoint, restoreBest, saveCheckpoint } from "./checkpoint.ts";
import { Course } from "./course.ts";
import { Drift } from "./drift.ts";
import { failpoint } from "./failpoint.ts";
import { FixedSteps } from "./fixed-step.ts";
import { Journal, NO_JOURNAL } from "./journal.ts";
import type { Learner, Milestone } from "./learner.ts";
import { Means, only } from "./means.ts";
import { BadStep, Pending } from "./pending.ts";
import { isShared, type Position, savedParts, sharedParts, start, takeUp } from "./position.ts";
import { Probes } from "./probes.ts";
import { createProgress, type ProgressMode } from "./progress.ts";
import { sayRate } from "./resumed-rate.ts";
import { COMPARED_EVERY, requireSameWeights } from "./same.ts";
import { Speed } from "./speed.ts";
import { listenForStop, type StopCode } from "./stop.ts";

export interface LoopOptions {
  /** Run folder. */
  folder: string;
  /** Saved in every checkpoint. */
  config: object;
  /** Steps between checkpoints; one is also saved at every evaluation and at the end. */
  checkpointEvery?: number | undefined;
  keep: number;
  logInterval: number;
  /** Whether steps are made from buffers that stay, and on a GPU replayed from a CUDA graph; not unless given. */
  graph?: boolean | undefined;
  maxSteps?: number | undefined;
  /** Stops as on a signal once `performance.now()` has come to this, in milliseconds. */
  deadline?: number | undefined;
  progress: ProgressMode;
  tensorboard: boolean;
  /** Looks into the network after each evaluation; what it finds goes into probes.jsonl. Nothing where there is nothing. */
  look?: (() => Promise<object | undefined>) | undefined;
  /** What is said once where one of several evaluations is chosen as the best. */
  choosing?: string | undefined;
  /** A checkpoint to go on from; its tensors are freed. */
  resume?: LoadedCheckpoint | undefined;
  /** Processes that run the same steps; rank 0 alone writes, and all stop together. */
  across?: Group | undefined;
}

export interface LoopOutcome {
  steps: number;
  seconds: number;
  processorSeconds: number;
  plan: Plan;
  /** The last evaluation, whichever process made it. */
  milestone: Milestone | undefined;
}

/** Steps of the whole run, of an epoch where there are epochs, and between evaluations that come before the end. */
export interface Plan {
  steps: number;
  perEpoch?: number | undefined;
  evalEvery?: number | undefined;
}

/**
 * Runs a learner to its end, or to `maxSteps`. A run that is there already is left as it is.
 * @throws {StoppedError} on a signal or at the deadline, with a checkpoint saved
 * @throws {NotFiniteError} a number that is not finite, with step and place
 */
export async function runSteps<Batch>(learner: Learner<Batch>, options: LoopOptions): Promise<LoopOutcome> {
  const { folder, resume } = options;
  const checkpoints = join(folder, "checkpoints");
  const position = resume === undefined ? start() : takeUp(learner, resume);
  if (resume !== undefined && !restoreBest(checkpoints, position.step)) position.best = null;
  const foreign = resume !== undefined && !holds(checkpoints, resume.name);
  const loop = new Loop(learner, position, options);
  if (foreign || !loop.course.finished) await loop.run(foreign);
  const { step, seconds, processorSeconds = 0, milestone } = position;
  const { steps, perEpoch, evalEvery } = learner;
  const plan = { steps, perEpoch, evalEvery };
  return { steps: step, seconds, processorSeconds, plan, milestone: milestone ?? undefined };
}

/** Seconds of this process's time on processors, user and system, from now on, after `before`. */
function processorClock(before = 0): () => number {
  const started = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(started);
    return before + (user + system) / 1e6;
  };
}

class Loop<Batch> {
  readonly course: Course;
  private readonly means: Means;

  constructor(
    private readonly learner: Learner<Batch>,
    private readonly position: Position,
    private readonly options: LoopOptions,
  ) {
    this.course = new Course(learner, position, options.maxSteps);
    this.means = new Means(position, this.course, learner.perEpoch);
  }

  async run(foreign: boolean): Promise<void> {
    const { learner, position, options, course, means } = this;
    const { total } = course;
    const { folder, tensorboard, keep, checkpointEvery, resume, across } = options;
    const { step: from, records } = position;
    const writes = (across?.rank ?? 0) === 0;
    const journal = writes ? new Journal(folder, { step: from, records, tensorboard }) : NO_JOURNAL;
    const probes = writes ? new Probes(folder, position) : undefined;
    const progress = createProgress({ mode: writes ? options.progress : "none", total, label: "train" });
    const stop = listenForStop((text) => progress.message(text), options.deadline);
    const speed = new Speed();
    const drifting = Object.values(learner.parts).flatMap((part) => part.drifting ?? []);
    const drift = across && writes ? new Drift(drifting) : undefined;
    const pending = new Pending(learner, means, drift, options.graph ? new FixedSteps(learner) : undefined);
    const perSecond = `${learner.unit ?? "images"}PerSecond`;
    const [before, started] = [position.seconds, performance.now()];
    const processor = processorClock(position.processorSeconds);

    /** Whether any process is to stop: of 75 and 130, the larger. */
    const asked = (): StopCode | undefined => {
      if (across === undefined) return stop.code;
      const own = () => tensor([stop.code ?? 0], { dtype: "int32" });
      const code = scope(() => across.allReduce(own(), "max").item(), "stop");
      return code === 0 ? undefined : (code as StopCode);
    };
    const save = (best: boolean) => {
      position.seconds = before + (performance.now() - started) / 1000;
      position.processorSeconds = processor();
      position.records = journal.recordsOf(position.step);
      course.note();
      journal.sync();
      probes?.sync();
      pending.settle();
      scope(() => {
        const shared = sharedParts(learner.parts);
        if (!writes) return;
        const { states, ...tensors } = savedParts(learner.parts);
        const state = { ...position, parts: states };
        const snapshot = { config: options.config, ...tensors, ...(shared && { optimizers: shared }), state };
        saveCheckpoint(join(folder, "checkpoints"), position.step, snapshot, { keep, best });
      }, "save");
    };
    /** @throws {RanksDifferError} the processes have come to other weights */
    const compare = () => {
      if (across === undefined) return;
      const done = position.step - from;
      scope(() => requireSameWeights(across, savedParts(learner.parts).model, done), "compare");
    };
    let said = options.choosing === undefined;
    /** Whether what was found is the best so far. */
    const isBest = (): boolean => {
      const { score = Number.NaN } = position.milestone ?? {};
      if (!said && position.best !== null && !Number.isNaN(score)) {
        said = true;
        progress.message(options.choosing!);
      }
      const better =
        position.evaluated === position.step && score > (position.best ?? Number.NEGATIVE_INFINITY);
      if (better) position.best = score;
      return better;
    };
    const evaluate = async (): Promise<boolean> => {
      save(false); // whatever becomes of the evaluation, the steps are kept
      failpoint("train.evaluate");
      const { found, seen } = await this.evaluated();
      Object.assign(position, { milestone: found, evaluated: position.step });
      journal.write(position.step, found.numbers);
      if (seen !== undefined) probes?.write(position.step, seen);
      progress.message(means.told(found));
      speed.restart();
      return isBest();
    };
    /**
     * Evaluates, sums up and saves where it is time to, and says whether the run ends here.
     * @param before whether any process is to stop
     */
    const pause = async (before: StopCode | undefined): Promise<boolean> => {
      const toEvaluate = course.pending;
      if (toEvaluate || course.turns) pending.settle();
      if (position.step % COMPARED_EVERY === 0 || position.step >= total) compare();
      const evaluates = toEvaluate && before === undefined;
      const better = evaluates && (await evaluate());
      if (course.endsRow) journal.summarise(position.step, means.takeRow());
      const code = evaluates ? asked() : before; // a signal may come while it evaluates
      const end = code !== undefined || position.step >= total;
      const due = checkpointEvery !== undefined && position.step % checkpointEvery === 0;
      // where nothing is scored, the end is what is taken for the best
      if (toEvaluate || due || end) save(better || (end && position.best === null));
      if (code !== undefined && !course.done)
        throw new StoppedError(`stopped at step ${position.step}, saved; go on with --resume auto`, code);
      return end;
    };

    try {
      compare();
      if (foreign) save(isBest() || position.step >= total); // another run's: it is this one's first
      if (course.pending && (await pause(asked()))) return;
      if (position.step >= total) return;
      const otherwise = (resume?.changed ?? []).length > 0;
      for await (const batch of learner.batches(course.at)) {
        const step = pending.take(batch, course.at, stop.code);
        speed.add(learner.size(batch));
        await new Promise(setImmediate); // signals are heard here
        if (step === undefined) continue;
        if (otherwise && position.step === from) sayRate(from, position.lr, step.lr);
        course.advance();
        position.lr = step.lr;
        const now = speed.now();
        if (position.step % options.logInterval === 0) {
          pending.settle();
          journal.write(position.step, {
            ...only(pending.latest, (name) => !name.startsWith("epoch/")),
            [`time/${perSecond}`]: now,
            "time/processorSeconds": processor(),
            "system/residentBytes": process.memoryUsage.rss(),
          });
        }
        progress.update(position.step, { ...means.facts(pending.latest), [perSecond]: now });
        const { code } = pending.stops ?? { code: asked() };
        if (await pause(code)) return;
      }
    } catch (error) {
      if (error instanceof PeerLostError && writes) this.saveWhole(pending, save);
      throw error instanceof BadStep ? await this.reasonOf(error) : error;
    } finally {
      pending.dispose();
      stop.dispose();
      progress.done();
      journal.close();
      probes?.close();
    }
  }

  /** Saves the last step that all have made, once a process is lost; not where parameters have moved in the next one. */
  private saveWhole(pending: Pending<Batch>, save: (best: boolean) => void): void {
    const { step } = this.position;
    if (isShared(this.learner.parts))
      talk("the optimiser's state is shared out, some of it is lost: the last checkpoint stays");
    else if (pending.undo()) {
      save(false);
      talk(`saved step ${step}, the last that all processes have made; go on with --resume auto`);
    } else talk(`step ${step + 1} is half made: its start is not saved`);
  }

  /**
   * Why a step was not finite: what the step says when it is made again with its numbers read. The parameters are those
   * of then.
   */
  private async reasonOf({ at }: BadStep): Promise<unknown> {
    const { learner } = this;
    try {
      for await (const batch of learner.batches(at))
        if (scope(() => learner.step(batch, at), "step") !== undefined) break;
    } catch (error) {
      return error;
    }
    return new NotFiniteError(
      `a loss or its gradient is not finite at step ${at + 1}; lower the learning rate or look at the data`,
    );
  }

  /** What the learner finds and what its layers show, with averaged parameters where parts keep an average. */
  private evaluated(): Promise<{ found: Milestone; seen: object | undefined }> {
    const { learner, course } = this;
    const parts = Object.values(learner.parts);
    const inner = async () => {
      const { text, ...found } = await learner.evaluate!(course.at);
      const { look, across } = this.options;
      const seen = (across?.rank ?? 0) === 0 ? await look?.() : undefined;
      return { found: { ...found, text: course.where + text }, seen };
    };
    return parts.reduce((body, part) => (part.averaged ? () => part.averaged!(body) : body), inner)();
  }
}

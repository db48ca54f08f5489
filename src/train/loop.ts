/** @file The training loop of every method: steps, evaluations, checkpoints, what is written, stopping, going on. */

import { join } from "node:path";
import { StoppedError, scope } from "../tensor/index.ts";
import { holds, type LoadedCheckpoint, restoreBest, saveCheckpoint } from "./checkpoint.ts";
import { failpoint } from "./failpoint.ts";
import { Journal } from "./journal.ts";
import type { Learner, Milestone, Numbers } from "./learner.ts";
import { type Position, savedParts, start, takeUp } from "./position.ts";
import { createProgress, type ProgressMode } from "./progress.ts";
import { sayRate } from "./resumed-rate.ts";
import { Speed } from "./speed.ts";
import { listenForStop } from "./stop.ts";

export interface LoopOptions {
  /** Run folder. */
  folder: string;
  /** Saved in every checkpoint. */
  config: object;
  /** Steps between checkpoints; one is also saved at every evaluation and at the end. */
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

export interface LoopOutcome {
  steps: number;
  seconds: number;
  /** The last evaluation, whichever process made it. */
  milestone: Milestone | undefined;
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
  if (foreign || !loop.finished) await loop.run(foreign);
  const { step: steps, seconds, milestone } = position;
  return { steps, seconds, milestone: milestone ?? undefined };
}

class Loop<Batch> {
  /** The learner's count of steps: that of the run, but where epochs had other lengths before. */
  private at: number;
  /** The run's step at which it ends here. */
  private readonly total: number;

  constructor(
    private readonly learner: Learner<Batch>,
    private readonly position: Position,
    private readonly options: LoopOptions,
  ) {
    const { step, epoch, within } = position;
    this.at = epoch * (learner.perEpoch ?? 0) + within;
    this.total = Math.min(learner.steps - this.at + step, options.maxSteps ?? Number.POSITIVE_INFINITY);
  }

  /** Whether there is nothing left to do. */
  get finished(): boolean {
    return this.position.step >= this.total && !this.pending;
  }

  /** Whether an evaluation is due by the learner's own count. */
  private get due(): boolean {
    const { steps, milestones, evalEvery = Number.POSITIVE_INFINITY } = this.learner;
    return milestones?.includes(this.at) ?? (this.at === steps || this.at % evalEvery === 0);
  }

  /** Whether an evaluation is still to come at this step: one that is due, or that of a run that `maxSteps` end. */
  private get pending(): boolean {
    const { step, evaluated } = this.position;
    if (step === evaluated || this.learner.evaluate === undefined) return false;
    return this.due || (step === this.total && this.learner.milestones === undefined);
  }

  async run(foreign: boolean): Promise<void> {
    const { learner, position, options, total } = this;
    const { folder, tensorboard, keep, checkpointEvery, resume } = options;
    const { step: from, records } = position;
    const journal = new Journal(folder, { step: from, records, tensorboard });
    const progress = createProgress({ mode: options.progress, total, label: "train" });
    const stop = listenForStop((text) => progress.message(text), options.deadline);
    const speed = new Speed();
    const perSecond = `${learner.unit ?? "images"}PerSecond`;
    const [before, started] = [position.seconds, performance.now()];

    const save = (best: boolean) => {
      position.seconds = before + (performance.now() - started) / 1000;
      position.records = journal.recordsOf(position.step);
      this.count();
      journal.sync();
      scope(() => {
        const { states, ...tensors } = savedParts(learner.parts);
        const snapshot = { config: options.config, ...tensors, state: { ...position, parts: states } };
        saveCheckpoint(join(folder, "checkpoints"), position.step, snapshot, { keep, best });
      }, "save");
    };
    /** Whether what was found is the best so far. */
    const isBest = (): boolean => {
      const { score = Number.NaN } = position.milestone ?? {};
      const better =
        position.evaluated === position.step && score > (position.best ?? Number.NEGATIVE_INFINITY);
      if (better) position.best = score;
      return better;
    };
    const evaluate = async (): Promise<boolean> => {
      save(false); // whatever becomes of the evaluation, the steps are kept
      failpoint("train.evaluate");
      const found = await this.evaluated();
      Object.assign(position, { milestone: found, evaluated: position.step });
      journal.write(position.step, found.numbers);
      progress.message(this.told(found));
      speed.restart();
      return isBest();
    };
    /** Evaluates, sums up and saves where it is time to, and says whether the run ends here. */
    const pause = async (): Promise<boolean> => {
      const pending = this.pending;
      const better = pending && stop.code === undefined && (await evaluate());
      if (this.endsRow()) {
        journal.summarise(position.step, this.row());
        Object.assign(position, { sums: {}, count: 0 });
      }
      const end = stop.code !== undefined || position.step >= total;
      const due = checkpointEvery !== undefined && position.step % checkpointEvery === 0;
      // where nothing is scored, the end is what is taken for the best
      if (pending || due || end) save(better || (end && position.best === null));
      const done = this.at >= learner.steps && !this.pending;
      if (stop.code !== undefined && !done)
        throw new StoppedError(
          `stopped at step ${position.step}, saved; go on with --resume auto`,
          stop.code,
        );
      return end;
    };

    try {
      if (foreign) save(isBest() || position.step >= total); // another run's: it is this one's first
      if (this.pending && (await pause())) return;
      if (position.step >= total) return;
      const otherwise = (resume?.changed ?? []).length > 0;
      let images = 0;
      for await (const batch of learner.batches(this.at)) {
        const numbers = scope(() => learner.step(batch, this.at), "step");
        images += learner.size(batch);
        speed.add(learner.size(batch));
        await new Promise(setImmediate); // signals are heard here
        if (numbers === undefined) continue;
        if (otherwise && position.step === from) sayRate(from, position.lr, numbers.lr);
        this.at++;
        position.step++;
        position.lr = numbers.lr;
        this.add(numbers, images);
        images = 0;
        const now = speed.now();
        if (position.step % options.logInterval === 0)
          journal.write(position.step, {
            ...only(numbers, (name) => !name.startsWith("epoch/")),
            [`time/${perSecond}`]: now,
            "system/residentBytes": process.memoryUsage.rss(),
          });
        progress.update(position.step, { ...this.facts(numbers), [perSecond]: now });
        if (await pause()) return;
      }
    } finally {
      stop.dispose();
      progress.done();
      journal.close();
    }
  }

  /** What the learner finds, with averaged parameters where parts keep an average. */
  private evaluated(): Promise<Milestone> {
    const { learner, at } = this;
    const parts = Object.values(learner.parts);
    const inner = async () => {
      const { text, ...found } = await learner.evaluate!(at);
      return { ...found, text: this.where() + text };
    };
    return parts.reduce((body, part) => (part.averaged ? () => part.averaged!(body) : body), inner)();
  }

  /** Epoch and steps within it, as they are saved. */
  private count(): void {
    const { perEpoch } = this.learner;
    const epoch = perEpoch === undefined ? 0 : Math.floor(this.at / perEpoch);
    Object.assign(this.position, { epoch, within: this.at - epoch * (perEpoch ?? 0) });
  }

  private add(numbers: Numbers, images: number): void {
    const { sums } = this.position;
    this.position.count += images;
    for (const [name, value] of Object.entries(numbers))
      if (/^(train|epoch)\//.test(name)) sums[name] = (sums[name] ?? 0) + value * images;
  }

  private means(): Numbers {
    const { sums, count } = this.position;
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
  }

  /** Whether a row of summary.csv ends here: an epoch, or what lies between two evaluations. */
  private endsRow(): boolean {
    const { perEpoch } = this.learner;
    const ends = perEpoch === undefined ? this.due : this.at % perEpoch === 0;
    return ends && !this.pending && this.position.count > 0;
  }

  private row() {
    const { position, learner, at } = this;
    const { milestone, evaluated, step, lr } = position;
    const means = only(this.means(), (name) => name !== "train/gradientNorm");
    const found = only(milestone?.numbers ?? {}, (name) => name.startsWith("eval/"));
    const place = learner.perEpoch === undefined ? { step } : { epoch: at / learner.perEpoch - 1 };
    return {
      ...place,
      train: withoutGroup(means),
      // not that of a stop by `maxSteps`: a run that was not stopped has the same rows
      eval: this.due && evaluated === step && milestone !== null ? withoutGroup(found) : undefined,
      lr,
    };
  }

  /** `epoch 3/10  ` or `step 3/10  `; nothing where milestones have names of their own. */
  private where(): string {
    const { perEpoch, steps, milestones } = this.learner;
    if (milestones !== undefined) return "";
    if (perEpoch === undefined || this.at % perEpoch !== 0) return `step ${this.at}/${steps}  `;
    return `epoch ${this.at / perEpoch}/${steps / perEpoch}  `;
  }

  /** A line for people: where the run is, what was learned since the last row, what was found. */
  private told({ text }: Milestone): string {
    const { "train/loss": loss, "epoch/top1": top1 } = this.means();
    const where = this.where();
    if (this.learner.perEpoch === undefined || where === "") return text;
    const means = [loss && `loss ${loss.toFixed(4)}`, top1 && `train ${top1.toFixed(2)} %`].filter(Boolean);
    return [where.trim(), ...means, text.slice(where.length)].join("  ");
  }

  /** What the progress shows of a step: with epochs, means so far of this one. */
  private facts({ lr, ...numbers }: Numbers): Record<string, number | undefined> {
    if (this.learner.perEpoch === undefined) return { ...numbers, lr };
    const { "train/loss": loss, "epoch/top1": top1, "train/gradientNorm": _, ...rest } = this.means();
    return { loss, accuracy: top1 === undefined ? undefined : top1 / 100, ...rest, lr };
  }
}

const only = (numbers: Numbers, wanted: (name: string) => boolean): Numbers =>
  Object.fromEntries(Object.entries(numbers).filter(([name]) => wanted(name)));

/** "loss" for "train/loss". */
const withoutGroup = (numbers: Numbers): Numbers =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name.slice(name.indexOf("/") + 1), value]),
  );

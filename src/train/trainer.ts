/** @file The training loop: steps, schedule, evaluation, checkpoints, stopping; the same for every method. */

import { join } from "node:path";
import {
  CheckpointError,
  gradients as gradientsOf,
  NotFiniteError,
  StoppedError,
  scope,
  type Tensor,
  UsageError,
} from "../tensor/index.ts";
import {
  freeCheckpoint,
  holds,
  type LoadedCheckpoint,
  reading,
  restoreBest,
  saveCheckpoint,
} from "./checkpoint.ts";
import { MovingAverage } from "./ema.ts";
import { failpoint } from "./failpoint.ts";
import { GradientSum } from "./gradient-sum.ts";
import { Journal } from "./journal.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { noSums, type Place, start } from "./place.ts";
import { inPrecision, type Precision } from "./precision.ts";
import { createProgress, type Progress, type ProgressMode } from "./progress.ts";
import { sayRate } from "./resumed-rate.ts";
import { type ScheduleOptions, schedule } from "./schedule.ts";
import { Speed } from "./speed.ts";
import { listenForStop, type StopCode, type StopRequest } from "./stop.ts";
import type { Evaluation, Task } from "./task.ts";

export interface TrainerOptions {
  /** Run folder. */
  folder: string;
  /** Saved in every checkpoint. */
  config: object;
  epochs: number;
  /** Batches whose gradients make one step. */
  accumulate: number;
  optimizer: { name: string } & OptimizerOptions;
  lr: number;
  schedule: ScheduleOptions["kind"];
  warmupEpochs: number;
  /** Whether the schedule moves every step or every epoch. */
  per: "step" | "epoch";
  clipGrad?: number | undefined;
  ema?: number | undefined;
  precision: Precision;
  device: string;
  checkpointEvery?: number | undefined;
  keep: number;
  evalEvery: number;
  logInterval: number;
  maxSteps?: number | undefined;
  /** Stops as on a signal once `performance.now()` has come to this, in milliseconds. */
  deadline?: number | undefined;
  progress: ProgressMode;
  tensorboard: boolean;
}

export interface Outcome {
  steps: number;
  epochs: number;
  seconds: number;
  /** Of the weights at the end. */
  evaluation: Evaluation;
}

export class Trainer<Batch> {
  private readonly parameters: ReadonlyMap<string, Tensor>;
  private readonly stepsPerEpoch: number;
  private readonly factor: (t: number) => number;
  private readonly place: Place = start();
  private readonly optimizer: Optimizer;
  private readonly average: MovingAverage | undefined;
  private readonly speed = new Speed();
  // opened where there is something to write
  private journal!: Journal;
  private progress!: Progress;
  private readonly started = performance.now();

  constructor(
    private readonly task: Task<Batch>,
    private readonly options: TrainerOptions,
  ) {
    const { epochs, warmupEpochs, per } = options;
    this.parameters = task.module.namedParameters();
    this.stepsPerEpoch = Math.ceil(task.batchesPerEpoch / options.accumulate);
    const unit = per === "step" ? this.stepsPerEpoch : 1;
    this.factor = schedule({ kind: options.schedule, total: epochs * unit, warmup: warmupEpochs * unit });
    const { name, ...rest } = options.optimizer;
    this.optimizer = createOptimizer(name, this.parameters, rest);
    this.average = options.ema === undefined ? undefined : new MovingAverage(this.parameters, options.ema);
  }

  /**
   * Trains to the end, once: what it needed is freed then. A run that is there already is left as it is.
   * @param resume a checkpoint to go on from; its tensors are freed
   * @throws {StoppedError} on a signal or at the deadline, with a checkpoint saved; {NotFiniteError} naming the place
   */
  async run(resume?: LoadedCheckpoint): Promise<Outcome> {
    const { place, options } = this;
    try {
      if (resume !== undefined) this.restore(resume);
      const foreign = resume !== undefined && !holds(join(options.folder, "checkpoints"), resume.name);
      const done = place.epoch >= options.epochs || this.finished();
      if (foreign || !done || place.evaluation === null) await this.goOn(foreign);
      const { step: steps, epoch: epochs, evaluation } = place;
      return { steps, epochs, seconds: this.seconds(), evaluation: evaluation! };
    } finally {
      this.optimizer.dispose();
      this.average?.dispose();
    }
  }

  private async goOn(foreign: boolean): Promise<void> {
    const { place, options, task } = this;
    const { folder, tensorboard, deadline } = options;
    const total = Math.min(options.epochs * this.stepsPerEpoch, options.maxSteps ?? Number.POSITIVE_INFINITY);
    this.journal = new Journal(folder, { step: place.step, records: place.records, tensorboard });
    this.progress = createProgress({ mode: options.progress, total, label: "train" });
    const stop = listenForStop((text) => this.progress.message(text), deadline);
    try {
      if (foreign) this.save(); // another run's checkpoint: it is this one's first
      while (place.epoch < options.epochs && !this.finished()) {
        await this.epoch(stop);
        if (place.batch < task.batchesPerEpoch) break; // maxSteps ended it half-way
        await this.endEpoch();
        if (stop.code !== undefined && place.epoch < options.epochs) throw this.stopped(stop.code);
      }
      if (place.evaluation === null) {
        await this.evaluate();
        this.save();
      }
    } finally {
      stop.dispose();
      this.progress.done();
      this.journal.close();
    }
  }

  private finished = (): boolean => this.place.step >= (this.options.maxSteps ?? Number.POSITIVE_INFINITY);
  private seconds = (): number => this.place.seconds + (performance.now() - this.started) / 1000;

  /** Steps from the epoch's next batch to its last, unless `maxSteps` come first. */
  private async epoch(stop: StopRequest): Promise<void> {
    const { place, task, options } = this;
    let sum: GradientSum | undefined;
    try {
      for await (const batch of task.batches(place.epoch, place.batch)) {
        sum ??= new GradientSum(Math.min(options.accumulate, task.batchesPerEpoch - place.batch));
        this.accumulate(sum, batch);
        await new Promise(setImmediate); // signals are heard here
        if (!sum.complete) continue;
        this.update(sum);
        place.batch += sum.size;
        sum.dispose();
        sum = undefined;
        if (stop.code !== undefined) {
          this.save();
          throw this.stopped(stop.code);
        }
        if (this.finished()) return;
        if (options.checkpointEvery !== undefined && place.step % options.checkpointEvery === 0) this.save();
      }
    } finally {
      sum?.dispose();
    }
  }

  /** Adds one batch's share of loss and gradients to those of its step. */
  private accumulate(sum: GradientSum, batch: Batch): void {
    const { task, options, place } = this;
    const lowered = <T>(body: () => T): T => inPrecision(options.precision, options.device, body);
    const { gradients, loss, correct } = scope(() => {
      const result = lowered(() => task.loss(batch));
      const loss = result.loss.item();
      if (!Number.isFinite(loss))
        this.refuse(
          `loss is ${loss}`,
          sum,
          lowered(() => task.locate(batch)),
        );
      const share = sum.size === 1 ? result.loss : result.loss.div(sum.size);
      const gradients = gradientsOf(share, [...this.parameters.values()]);
      return { gradients, loss, correct: result.correct?.item() ?? 0 };
    }, "gradients");
    sum.add(gradients, loss);
    const count = task.size(batch);
    const { sums } = place;
    place.sums = {
      loss: sums.loss + loss * count,
      correct: sums.correct + correct,
      count: sums.count + count,
    };
    this.speed.add(count);
  }

  /** One optimiser step. */
  private update(sum: GradientSum): void {
    const { place, options } = this;
    const lr = this.lr(place.step);
    const norm = sum.norm();
    if (!Number.isFinite(norm)) {
      const name = [...this.parameters.keys()][sum.firstNotFinite()];
      this.refuse(`gradient norm is ${norm}`, sum, name && `the gradient of ${name}`);
    }
    if (options.clipGrad !== undefined) sum.clip(norm, options.clipGrad);
    this.optimizer.step(sum.tensors, lr);
    this.average?.update();
    place.step++;
    place.lr = lr;
    place.evaluation = null;
    if (place.step % options.logInterval === 0)
      this.journal.write(place.step, {
        "train/loss": sum.loss,
        "train/gradientNorm": norm,
        lr,
        "time/imagesPerSecond": this.speed.now(),
        "system/residentBytes": process.memoryUsage.rss(),
      });
    const { sums } = place;
    const means = { loss: sums.loss / sums.count, accuracy: sums.correct / sums.count };
    this.progress.update(place.step, { ...means, lr, imagesPerSecond: this.speed.now() });
  }

  /** The learning rate of the step that follows `step` steps; with a schedule by epochs, of this epoch. */
  private lr(step: number): number {
    const { lr, per } = this.options;
    return lr * this.factor(per === "step" ? step : this.place.epoch);
  }

  private async endEpoch(): Promise<void> {
    const { place, options, journal } = this;
    const { loss, correct, count } = place.sums;
    const epoch = place.epoch + 1;
    if (epoch % options.evalEvery === 0 || epoch === options.epochs) await this.evaluate();
    const train = { loss: loss / count, top1: (100 * correct) / count };
    const test = place.evaluation === null ? undefined : inPercent(place.evaluation);
    const lr = this.lr(place.step - 1);
    journal.summarise(place.step, { epoch: place.epoch, train, ...(test && { eval: test }), lr });
    if (test !== undefined)
      this.progress.message(
        `epoch ${epoch}/${options.epochs}  loss ${train.loss.toFixed(4)}  train ${train.top1.toFixed(2)} %  test ${test.top1.toFixed(2)} %`,
      );
    Object.assign(place, { epoch, batch: 0, sums: noSums() });
    this.save();
    this.speed.restart();
  }

  /** Measures the weights, or their average where there is one. Whatever becomes of it, the steps are saved before. */
  private async evaluate(): Promise<void> {
    const { place, task, average } = this;
    this.save();
    failpoint("train.evaluate");
    const evaluate = () => task.evaluate();
    place.evaluation = average === undefined ? await evaluate() : await average.during(evaluate);
    const percent = Object.entries(inPercent(place.evaluation));
    this.journal.write(
      place.step,
      Object.fromEntries(percent.map(([name, value]) => [`eval/${name}`, value])),
    );
  }

  /** Saves a checkpoint; it is the best when it has been evaluated, and none before it was better. */
  private save(): void {
    const { place, options, journal } = this;
    const top1 = place.evaluation?.top1;
    const best = top1 !== undefined && top1 > (place.best ?? -1);
    if (best) place.best = top1;
    place.records = journal.recordsOf(place.step);
    journal.sync();
    const snapshot = {
      config: options.config,
      model: this.task.module.stateDict(),
      optimizer: this.optimizer.stateDict(),
      ...(this.average && { ema: this.average.stateDict() }),
      state: { ...place, seconds: this.seconds() },
    };
    saveCheckpoint(join(options.folder, "checkpoints"), place.step, snapshot, { keep: options.keep, best });
  }

  private restore(checkpoint: LoadedCheckpoint): void {
    const { model, optimizer, ema, state, changed = [] } = checkpoint;
    const { place } = this;
    try {
      const { step, epoch, batch } = state as Partial<Place>;
      if (![step, epoch, batch].every(Number.isSafeInteger))
        throw new CheckpointError(
          `${checkpoint.name}: its state does not say the step, epoch and batch it is from`,
        );
      Object.assign(place, { records: undefined }, state);
      requireEpochs(checkpoint.name, place, changed);
      reading(checkpoint, () => {
        this.task.module.load(model);
        this.optimizer.load(optimizer, place.step);
        this.average?.load(ema ?? model); // a run that begins to average begins from its weights
      });
    } finally {
      freeCheckpoint(checkpoint);
    }
    const checkpoints = join(this.options.folder, "checkpoints");
    if (!restoreBest(checkpoints, place.step)) place.best = null;
    if (changed.length > 0) sayRate(place.step, place.lr, this.lr(place.step));
  }

  private stopped(code: StopCode): StoppedError {
    return new StoppedError(`stopped at step ${this.place.step}, saved; go on with --resume auto`, code);
  }

  private refuse(what: string, { done, size }: GradientSum, where: string | undefined): never {
    const { step, epoch, batch } = this.place;
    const number = batch + Math.min(done + 1, size);
    throw new NotFiniteError(
      `${what} at step ${step + 1} (epoch ${epoch + 1}, batch ${number})${where === undefined ? "" : `, first in ${where}`}; lower the learning rate or look at the data`,
    );
  }
}

/** Settings that say which images are in which batch of an epoch. */
const ORDER = /^(train\.batchSize|seed|data\.name|dataset\.fingerprint)$/;

/** @throws {UsageError} half an epoch is done in batches that are others now */
function requireEpochs(name: string, { batch }: Place, changed: readonly string[]): void {
  const other = changed.find((path) => ORDER.test(path));
  if (batch === 0 || other === undefined) return;
  const what = other.startsWith("dataset.") ? "the data set's contents" : other;
  throw new UsageError(
    `resume: ${name} lies within an epoch, whose batches ${what} changes; resume from the end of an epoch, or keep it`,
  );
}

const inPercent = ({ loss, top1, top5 }: Evaluation) => ({ loss, top1: 100 * top1, top5: 100 * top5 });

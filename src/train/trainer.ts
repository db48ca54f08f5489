/** @file The training loop: steps, schedule, evaluation, checkpoints, stopping; the same for every method. */

import { join } from "node:path";
import {
  gradients,
  keep,
  NotFiniteError,
  noGrad,
  StoppedError,
  scope,
  type Tensor,
} from "../tensor/index.ts";
import { type LoadedCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { MovingAverage } from "./ema.ts";
import { TensorList } from "./foreach.ts";
import { Journal } from "./journal.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { inPrecision, type Precision } from "./precision.ts";
import { createProgress, type Progress, type ProgressMode } from "./progress.ts";
import { type ScheduleOptions, schedule } from "./schedule.ts";
import { listenForStop } from "./stop.ts";
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
  progress: ProgressMode;
  tensorboard: boolean;
  /** A checkpoint to go on from. */
  resume?: LoadedCheckpoint | undefined;
}

/** Where a run is: everything but tensors that resuming needs. Random streams follow from seed, epoch and batch. */
export interface Place {
  step: number;
  epoch: number;
  /** Batches done in this epoch. */
  batch: number;
  best: number | null;
  /** Sums over this epoch's images so far. */
  sums: { loss: number; correct: number; count: number };
  seconds: number;
}

export interface Outcome {
  steps: number;
  epochs: number;
  seconds: number;
  evaluation: Evaluation | undefined;
}

const noSums = () => ({ loss: 0, correct: 0, count: 0 });

export class Trainer<Batch> {
  private readonly parameters: ReadonlyMap<string, Tensor>;
  private readonly optimizer: Optimizer;
  private readonly average: MovingAverage | undefined;
  private readonly factor: (t: number) => number;
  private readonly journal: Journal;
  private readonly progress: Progress;
  private readonly place: Place;
  private readonly stepsPerEpoch: number;
  private readonly started = performance.now();
  private window = { images: 0, since: performance.now() };
  private imagesPerSecond = 0;
  private evaluation: Evaluation | undefined;

  constructor(
    private readonly task: Task<Batch>,
    private readonly options: TrainerOptions,
  ) {
    const { resume, folder, tensorboard, epochs, warmupEpochs, per } = options;
    this.parameters = task.module.namedParameters();
    const { name, ...rest } = options.optimizer;
    this.optimizer = createOptimizer(name, this.parameters, rest);
    this.average = options.ema === undefined ? undefined : new MovingAverage(this.parameters, options.ema);
    this.stepsPerEpoch = Math.ceil(task.batchesPerEpoch / options.accumulate);
    const unit = per === "step" ? this.stepsPerEpoch : 1;
    this.factor = schedule({ kind: options.schedule, total: epochs * unit, warmup: warmupEpochs * unit });
    this.place = (resume?.state as Place | undefined) ?? {
      step: 0,
      epoch: 0,
      batch: 0,
      best: null,
      sums: noSums(),
      seconds: 0,
    };
    if (resume !== undefined) this.restore(resume);
    this.journal = new Journal(folder, { tensorboard, ...(resume && { resumeStep: this.place.step }) });
    const total = Math.min(epochs * this.stepsPerEpoch, options.maxSteps ?? Number.POSITIVE_INFINITY);
    this.progress = createProgress({ mode: options.progress, total, label: "train" });
  }

  /** Trains to the end. @throws {StoppedError} on a signal, with a checkpoint saved; {NotFiniteError} naming the place */
  async run(): Promise<Outcome> {
    const stop = listenForStop((text) => this.progress.message(text));
    try {
      while (this.place.epoch < this.options.epochs && !this.finished()) {
        await this.epoch(stop);
        if (this.place.batch < this.task.batchesPerEpoch) break; // maxSteps ended it half-way
        await this.endEpoch();
      }
      this.evaluation ??= await this.evaluate();
      if (this.place.batch > 0) this.save(this.improved(this.evaluation));
      const { step: steps, epoch: epochs } = this.place;
      return { steps, epochs, seconds: this.seconds(), evaluation: this.evaluation };
    } finally {
      stop.dispose();
      this.progress.done();
      this.journal.close();
      this.optimizer.dispose();
      this.average?.dispose();
    }
  }

  private finished = (): boolean => this.place.step >= (this.options.maxSteps ?? Number.POSITIVE_INFINITY);
  private seconds = (): number => this.place.seconds + (performance.now() - this.started) / 1000;

  private async epoch(stop: { code: 75 | 130 | undefined }): Promise<void> {
    const { place, task, options } = this;
    let pending = 0;
    let accumulated: TensorList | undefined;
    for await (const batch of task.batches(place.epoch, place.batch)) {
      pending++;
      const group = Math.min(options.accumulate, task.batchesPerEpoch - place.batch);
      const added = this.gradientsOf(batch, group);
      accumulated = accumulated === undefined ? added : noGrad(() => accumulated!.add_(added));
      if (accumulated !== added) added.dispose();
      if (pending < group) continue;
      this.update(accumulated);
      accumulated.dispose();
      [pending, accumulated] = [0, undefined];
      place.batch += group;
      await new Promise(setImmediate); // signals are heard here
      if (stop.code !== undefined) {
        this.save(false);
        throw new StoppedError(`stopped at step ${place.step}, saved; go on with --resume auto`, stop.code);
      }
      if (this.finished()) break;
      if (options.checkpointEvery !== undefined && place.step % options.checkpointEvery === 0)
        this.save(false);
    }
    accumulated?.dispose();
  }

  /** Loss and gradients of one batch, divided by the number that make a step. */
  private gradientsOf(batch: Batch, group: number): TensorList {
    const { task, options, place } = this;
    const count = task.size(batch);
    const { grads, loss, correct } = scope(() => {
      const result = inPrecision(options.precision, options.device, () => task.loss(batch));
      const loss = result.loss.item();
      if (!Number.isFinite(loss)) this.refuse(`loss is ${loss}`, task.locate(batch));
      const grads = gradients(group === 1 ? result.loss : result.loss.div(group), [
        ...this.parameters.values(),
      ]);
      return { grads, loss, correct: result.correct?.item() ?? 0 };
    }, "gradients");
    place.sums = {
      loss: place.sums.loss + loss * count,
      correct: place.sums.correct + correct,
      count: place.sums.count + count,
    };
    this.window.images += count;
    this.last = loss;
    return new TensorList(grads.map(keep));
  }
  private last = 0;

  /** One optimiser step. */
  private update(grads: TensorList): void {
    const { place, options } = this;
    const lr = this.lr();
    const norm = scope(() => noGrad(() => grads.norm().item()), "gradient norm");
    if (!Number.isFinite(norm)) this.refuse(`gradient norm is ${norm}`, this.firstBadGradient(grads));
    const { clipGrad } = options;
    if (clipGrad !== undefined && norm > clipGrad) noGrad(() => grads.mul_(clipGrad / (norm + 1e-6)));
    this.optimizer.step(grads.tensors, lr);
    this.average?.update();
    place.step++;
    const { loss, correct, count } = place.sums;
    const facts = { loss: loss / count, accuracy: correct / count, lr };
    if (place.step % options.logInterval === 0) this.log(lr, norm);
    this.progress.update(place.step, { ...facts, imagesPerSecond: this.speed() });
  }

  private lr(): number {
    const { step, epoch } = this.place;
    return this.options.lr * this.factor(this.options.per === "step" ? step : epoch);
  }

  /** Over the last half second or more, so that it neither jumps nor counts evaluations. */
  private speed(): number {
    const { images, since } = this.window;
    const seconds = (performance.now() - since) / 1000;
    if (seconds >= 0.5 || this.imagesPerSecond === 0) {
      this.imagesPerSecond = images / Math.max(seconds, 1e-9);
      this.window = { images: 0, since: performance.now() };
    }
    return this.imagesPerSecond;
  }

  private log(lr: number, norm: number): void {
    const numbers = {
      "train/loss": this.last,
      "train/gradientNorm": norm,
      lr,
      "time/imagesPerSecond": this.speed(),
      "system/residentBytes": process.memoryUsage.rss(),
    };
    this.journal.write(this.place.step, numbers);
  }

  private async endEpoch(): Promise<void> {
    const { place, options, journal } = this;
    const { loss, correct, count } = place.sums;
    const epoch = place.epoch + 1;
    const train = { loss: loss / count, top1: (100 * correct) / count };
    const due = epoch % options.evalEvery === 0 || epoch === options.epochs;
    const lr = this.lr();
    this.evaluation = due ? await this.evaluate() : undefined;
    const { evaluation } = this;
    const percent = evaluation && {
      loss: evaluation.loss,
      top1: 100 * evaluation.top1,
      top5: 100 * evaluation.top5,
    };
    if (percent !== undefined) {
      const numbers = Object.fromEntries(
        Object.entries(percent).map(([name, value]) => [`eval/${name}`, value]),
      );
      journal.write(place.step, numbers);
      this.progress.message(
        `epoch ${epoch}/${options.epochs}  loss ${train.loss.toFixed(4)}  train ${train.top1.toFixed(2)} %  test ${percent.top1.toFixed(2)} %`,
      );
    }
    journal.summarise(place.step, { epoch: place.epoch, train, ...(percent && { eval: percent }), lr });
    const better = this.improved(evaluation);
    Object.assign(place, { epoch, batch: 0, sums: noSums() });
    this.save(better);
    this.window = { images: 0, since: performance.now() };
  }

  /** Whether this is the best evaluation so far; it is then the one to beat. */
  private improved(evaluation: Evaluation | undefined): boolean {
    const better = evaluation !== undefined && evaluation.top1 > (this.place.best ?? -1);
    if (better) this.place.best = evaluation.top1;
    return better;
  }

  private evaluate(): Promise<Evaluation> {
    const evaluate = () => this.task.evaluate();
    return this.average === undefined ? evaluate() : this.average.during(evaluate);
  }

  private save(best: boolean): void {
    const { place, options, journal } = this;
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

  private restore({ model, optimizer, ema }: LoadedCheckpoint): void {
    this.task.module.load(model);
    this.optimizer.load(optimizer, this.place.step);
    if (ema !== undefined) this.average?.load(ema);
    for (const tensors of [model, optimizer, ema])
      for (const tensor of tensors?.values() ?? []) tensor.dispose();
  }

  private refuse(what: string, where: string | undefined): never {
    const { step, epoch, batch } = this.place;
    throw new NotFiniteError(
      `${what} at step ${step + 1} (epoch ${epoch + 1}, batch ${batch + 1})${where === undefined ? "" : `, first in ${where}`}; lower the learning rate or look at the data`,
    );
  }

  private firstBadGradient(grads: TensorList): string | undefined {
    const names = [...this.parameters.keys()];
    const bad = grads.tensors.findIndex((gradient) => scope(() => gradient.isFinite().all().item() === 0));
    return bad < 0 ? undefined : `the gradient of ${names[bad]}`;
  }
}

/** @file Learning from labels as a learner: batches with their augmentation, cross entropy, one descent. */

import { inPercent, percent } from "../../base/percent.ts";
import type { BatchOptions, ImageSource, Split } from "../../data/index.ts";
import { type MSSA, mssaOf, orthogonality } from "../../model/index.ts";
import { type Module, synchronise } from "../../nn/index.ts";
import { full, noGrad, type Tensor, UsageError } from "../../tensor/index.ts";
import { type EpochBatch, Epochs, given, imagesOf, shareOf } from "../../train/epochs.ts";
import { type FixedStep, requireFixed } from "../../train/fixed-step.ts";
import {
  Descent,
  type DescentOptions,
  type Learner,
  type Logged,
  type Milestone,
} from "../../train/index.ts";
import type { Reading } from "../../train/readings.ts";
import { type ScheduleOptions, schedule } from "../../train/schedule.ts";
import { requireShards, type Shard, shardsOf } from "../../train/shards.ts";
import { weights } from "../../train/stateful.ts";
import { logged, type Step } from "../../train/step.ts";
import { requireBatch } from "../requirements.ts";
import { correctAt, crossEntropy, type Evaluation, evaluateClassifier } from "./supervised.ts";

export interface SupervisedOptions
  extends Pick<DescentOptions, "optimizer" | "precision" | "clipGrad" | "ema" | "across" | "shardOptimizer"> {
  /** Label smoothing, 0 to 1. */
  smoothing: number;
  /** Weight of the subspaces' distance from orthonormal ones in the loss; 0 unless given. */
  orthogonal?: number;
  train: ImageSource;
  test: ImageSource;
  /** The split that `test` is of; test unless given. */
  measured?: Split;
  /** Of training; evaluation takes all but the augmentation from it. */
  batch: BatchOptions;
  epochs: number;
  /** Batches whose mean makes a step; 1 unless given. */
  accumulate?: number;
  /** S, see `shardsOf`. */
  shards?: number | undefined;
  lr: number;
  /** Falls to 0 by a cosine unless given. */
  schedule?: ScheduleOptions["kind"];
  warmupEpochs?: number;
  /** Whether the schedule moves every step, as it does unless given, or every epoch. */
  per?: "step" | "epoch";
  /** Epochs between evaluations; 1 unless given. */
  evalEvery?: number;
}

/** Trains a classifier that belongs to the caller. */
export class SupervisedLearner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly perEpoch: number;
  readonly evalEvery: number;
  readonly parts;
  private readonly epochs: Epochs;
  private readonly descent: Descent;
  /** Those that the loss makes orthonormal. */
  private readonly subspaces: readonly MSSA[];

  /**
   * @throws {UsageError} fewer images than one batch, a batch of one with batch normalisation, or subspaces that are to be
   *   orthogonal where there are none, or more directions than dimensions
   */
  constructor(
    readonly model: Module,
    private readonly options: SupervisedOptions,
  ) {
    const { train, batch, epochs, accumulate, evalEvery = 1, lr, across } = options;
    requireBatch(train, batch.batchSize, { nets: [model] });
    requireShards(options.shards, batch.batchSize, across);
    synchronise(model, across);
    this.subspaces = options.orthogonal ? orthogonalisable(model) : [];
    this.epochs = new Epochs(train, { ...batch, accumulate, ...(across && { share: across }) });
    this.perEpoch = this.epochs.steps;
    this.steps = epochs * this.perEpoch;
    this.evalEvery = evalEvery * this.perEpoch;
    const { optimizer, precision, clipGrad, ema, schedule: kind = "cosine", warmupEpochs = 0, per } = options;
    const unit = per === "epoch" ? 1 : this.perEpoch;
    const factor = schedule({ kind, total: epochs * unit, warmup: warmupEpochs * unit });
    const time = (at: number) => (per === "epoch" ? Math.floor(at / this.perEpoch) : at);
    const rate = (at: number) => lr * factor(time(at));
    const { shardOptimizer } = options;
    const how = { optimizer, precision, clipGrad, ema, across, shardOptimizer };
    this.descent = new Descent(model, { ...how, lr: rate });
    this.parts = { model: weights(model), descent: this.descent };
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: EpochBatch, at: number): Logged | undefined {
    const step = this.descend(batch, at);
    if (step === undefined) return undefined;
    const { right, images, ...terms } = step.terms;
    return { ...logged({ ...step, terms }), "epoch/top1": percentage(right!, images!) };
  }

  /** The step from images and labels. @throws {UsageError} for mixed images, several batches or parts of one to a step, several processes */
  fixed(): FixedStep<EpochBatch> {
    const { accumulate = 1, shards, across, batch } = this.options;
    const { mixup } = batch.augment ?? {};
    requireFixed({
      ...{ "train.accumulate above 1": accumulate > 1, "train.shards": shards },
      ...{ "data.augment.mixup": mixup, "other processes": across },
    });
    return {
      descent: this.descent,
      inputs: ({ images, labels }) => ({ images, labels }),
      run: (inputs, batch, at) => this.step({ ...batch, ...inputs }, at)!,
    };
  }

  private descend(batch: EpochBatch, at: number): Step | undefined {
    const { shards, across } = this.options;
    const own = batch.labels.numel;
    const whole = this.epochs.whole(batch, own, across);
    if (shards === undefined)
      return this.descent.add(() => this.loss(batch, whole), batch.of, at, given(batch));
    const parts = shardsOf(shards, own, batch.rows, across).map((shard) => partOf(batch, shard));
    const losses = parts.map((part) => () => this.loss(part, whole));
    return this.descent.addParts(losses, batch.of, at, given(batch));
  }

  /**
   * Of a batch, or of its part of `whole` images: its mean, times that part, with mixup of both labels; how many answers are
   * right, and of how many images. Each [].
   */
  loss({ images, labels, mixed }: EpochBatch, whole = labels.numel) {
    const { smoothing } = this.options;
    const logits = this.model.apply(images); //                                 [b, C]
    const right = noGrad(() => correctAt(logits, labels, 1));
    const counted = { right, images: full([], labels.numel, { device: labels.device }) };
    const own = crossEntropy(logits, labels, smoothing);
    const share = (loss: Tensor) => shareOf(this.withPenalty(loss), labels.numel, whole);
    if (mixed === undefined) return { loss: share(own), ...counted };
    const { lambda, other } = mixed;
    const both = own.mul(lambda).add(crossEntropy(logits, other, smoothing).mul(1 - lambda));
    return { loss: share(both), ...counted };
  }

  private withPenalty(loss: Tensor): Tensor {
    if (this.subspaces.length === 0) return loss;
    return loss.add(orthogonality(this.subspaces).mul(this.options.orthogonal!));
  }

  async evaluate(done: number): Promise<Milestone> {
    const { test, batch, across } = this.options;
    const found = await evaluateClassifier(this.model, test, batch, across);
    const epochs = Math.floor(done / this.perEpoch);
    return milestoneOf(found, epochs, this.options.measured ?? "test");
  }

  /** Frees the optimiser and the average. */
  dispose(): void {
    this.descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** 100 · part/whole, where they are. */
const percentage = (part: Reading, whole: Reading): Reading =>
  typeof part === "number"
    ? (100 * part) / (whole as number)
    : noGrad(() => part.div(whole as Tensor).mul(100));

/** Some rows of a batch. */
function partOf(batch: EpochBatch, { start, length }: Shard): EpochBatch {
  const { images, labels, mixed } = batch;
  const rows = (x: Tensor) => x.narrow(0, start, length);
  const both = mixed && { mixed: { lambda: mixed.lambda, other: rows(mixed.other) } };
  return { ...batch, images: rows(images), labels: rows(labels), ...both };
}

/** @throws {UsageError} no MSSA, or one with more directions than dimensions */
function orthogonalisable(model: Module): MSSA[] {
  const layers = mssaOf(model);
  const wide = layers.find(({ stored }) => stored.size(0) > stored.size(1));
  const why =
    layers.length === 0
      ? "a model with MSSA, such as crate, got none"
      : wide &&
        `heads of at most ${wide.stored.size(1)} directions in all, as many as dimensions, got ${wide.stored.size(0)}`;
  if (why === undefined) return layers;
  throw new UsageError(`method.orthogonal: expected ${why}`, { path: "method.orthogonal" });
}

function milestoneOf(found: Evaluation, epochs: number, split: Split): Milestone {
  const { loss, top1, top5 } = found;
  return {
    numbers: { "eval/loss": loss, ...inPercent({ "eval/top1": top1, "eval/top5": top5 }) },
    text: `${split} ${percent(top1)}`,
    score: top1,
    scored: "eval/top1",
    result: {
      numbers: { ...found, ...inPercent({ top1, top5 }), epochs },
      text: `${split} accuracy ${(100 * top1).toFixed(1)} %, loss ${loss.toFixed(4)}, after ${epochs} epochs`,
    },
  };
}

/** @file MCR² as a learner: batches with labels or of views, one optimiser, evaluation on the encoder's features. */

import { type Augment, type Batch, batchCount, batches, type ImageSource } from "../../data/index.ts";
import type { Module } from "../../nn/index.ts";
import { type Mcr2Options, mcr2Loss } from "../../rate/index.ts";
import { gradients, NotFiniteError, type Random, type Tensor, tensor } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "../../train/optimizer.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { requireBatch } from "../requirements.ts";
import { viewsOf } from "./views.ts";

export interface Mcr2LearnerOptions extends Mcr2Options {
  train: ImageSource;
  /** Labels to learn from in place of the set's own, by position in the set: 0 ≤ label < classes. */
  labels?: Int32Array;
  /** Makes the views of one image a class: how many there are, and a randomly changed copy of a batch. */
  views?: { count: number; change: (images: Tensor, random: Random) => Tensor };
  random: Random;
  epochs: number;
  /** Samples in a step; with views, images times views. */
  batchSize: number;
  /** Another order in each epoch; the set's own order unless given. */
  shuffle?: boolean;
  augment?: Augment;
  optimizer: { name: string } & OptimizerOptions;
  lr: number;
  /** Epochs after which the rate falls to a tenth. */
  milestones?: readonly number[];
  imageSize: number;
  device: string;
  precisionOfProducts?: Precision;
  /** Epochs between evaluations; the end is always evaluated. */
  evalEvery?: number;
  /** What is found out about the encoder. */
  evaluate: () => Promise<Milestone>;
}

const RATE = "the rate reduction of one image is 0";

/** Trains an encoder that belongs to the caller. */
export class Mcr2Learner implements Learner<Batch> {
  readonly steps: number;
  private readonly perEpoch: number;
  private readonly optimizer: Optimizer;

  /** @throws {UsageError} fewer images than one batch, or a batch of one */
  constructor(
    readonly encoder: Module,
    private readonly options: Mcr2LearnerOptions,
  ) {
    const { train, epochs, optimizer, views } = options;
    requireBatch(train, this.imagesPerStep, {
      nets: [encoder],
      least: views === undefined ? RATE : "each image is a class, and the rate reduction of one class is 0",
    });
    this.perEpoch = batchCount(train.count, this.imagesPerStep, true);
    this.steps = epochs * this.perEpoch;
    const { name, ...rest } = optimizer;
    this.optimizer = createOptimizer(name, encoder.namedParameters(), rest);
  }

  private get imagesPerStep(): number {
    const { batchSize, views } = this.options;
    return batchSize / (views?.count ?? 1);
  }

  async *batches(from: number): AsyncGenerator<Batch> {
    const { train, random, shuffle = false, augment, imageSize, device } = this.options;
    for (let epoch = Math.floor(from / this.perEpoch); ; epoch++) {
      const start = Math.max(from - epoch * this.perEpoch, 0);
      const order = { random, shuffle, epoch, start, dropLast: true };
      const given = { imageSize, device, ...(augment && { augment }) };
      yield* batches(train, { batchSize: this.imagesPerStep, ...order, ...given });
    }
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step(batch: Batch, at: number): Numbers {
    const { precisionOfProducts = "fp32", device } = this.options;
    const { images, labels, classes } = this.classesOf(batch, at);
    const { loss, expansion, compression, rate } = inPrecision(precisionOfProducts, device, () =>
      mcr2Loss(this.encoder.apply(images), labels, classes, this.options),
    );
    const value = loss.item();
    if (!Number.isFinite(value))
      throw new NotFiniteError(
        `the loss is ${value} at step ${at + 1}; lower the learning rate or look at the data`,
      );
    const lr = this.lr(at);
    this.optimizer.step(gradients(loss, this.encoder.parameters()), lr);
    const [R, Rc] = [rate.item(), compression.item()];
    return {
      "train/loss": value,
      "train/expansion": expansion.item(),
      "train/R": R,
      "train/Rc": Rc,
      "train/deltaR": R - Rc,
      lr,
    };
  }

  private classesOf({ images, labels, indices }: Batch, at: number) {
    const { views, labels: given, train, random, device } = this.options;
    if (views !== undefined) {
      const changes = random.at("views").at(`step.${at}`);
      return { ...viewsOf(images, views.count, views.change, changes), classes: images.size(0) };
    }
    if (given === undefined) return { images, labels, classes: train.classes.length };
    const learned = BigInt64Array.from(indices, (i) => BigInt(given[i]!));
    return { images, labels: tensor(learned, { device }), classes: train.classes.length };
  }

  private lr(step: number): number {
    const epoch = Math.floor(step / this.perEpoch);
    const { lr, milestones = [] } = this.options;
    return lr * 0.1 ** milestones.filter((milestone) => epoch >= milestone).length;
  }

  due(done: number): boolean {
    const { evalEvery = Number.POSITIVE_INFINITY } = this.options;
    return isDue(done, this.steps, evalEvery * this.perEpoch);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { text, ...found } = await this.options.evaluate();
    return { ...found, text: `epoch ${done / this.perEpoch}  ${text}` };
  }

  snapshot() {
    const { optimizer } = this;
    return {
      model: this.encoder.stateDict(),
      optimizer: optimizer.stateDict(),
      state: { steps: optimizer.steps },
    };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.encoder.load(model);
    this.optimizer.load(optimizer, (state as { steps: number }).steps);
  }

  /** Frees the optimiser. */
  dispose(): void {
    this.optimizer.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @file MCR² as a learner: batches with labels or of views, one descent, evaluation on the encoder's features. */

import type { Size } from "../../base/size.ts";
import type { Augment, ImageSource } from "../../data/index.ts";
import { type Module, synchronise } from "../../nn/index.ts";
import { type Mcr2Options, mcr2Loss } from "../../rate/index.ts";
import { type Random, type Tensor, tensor } from "../../tensor/index.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import { type EpochBatch, Epochs, given, imagesOf } from "../../train/epochs.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import type { Precision } from "../../train/precision.ts";
import { weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { requireBatch } from "../requirements.ts";
import { viewsOf } from "./views.ts";

export interface Mcr2LearnerOptions
  extends Mcr2Options,
    Pick<DescentOptions, "optimizer" | "clipGrad" | "ema"> {
  train: ImageSource;
  /** Labels to learn from in place of the set's own, by position in the set: 0 ≤ label < classes. */
  labels?: Int32Array | undefined;
  /** Makes the views of one image a class: how many there are, and a randomly changed copy of a batch. */
  views?: { count: number; change: (images: Tensor, random: Random) => Tensor } | undefined;
  random: Random;
  epochs: number;
  /** Samples in a step; with views, images times views. */
  batchSize: number;
  /** Another order in each epoch; the set's own order unless given. */
  shuffle?: boolean;
  augment?: Augment;
  lr: number;
  /** Epochs after which the rate falls to a tenth. */
  milestones?: readonly number[];
  imageSize: Size;
  device: string;
  precision?: Precision;
  /** Epochs between evaluations; the end is always evaluated. */
  evalEvery?: number | undefined;
  /** What is found out about the encoder. */
  evaluate: () => Promise<Milestone>;
}

const RATE = "the rate reduction of one image is 0";
const VIEWS = "each image is a class, and the rate reduction of one class is 0";

/** Trains an encoder that belongs to the caller. */
export class Mcr2Learner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly perEpoch: number;
  readonly evalEvery: number | undefined;
  readonly parts;
  readonly evaluate: () => Promise<Milestone>;
  private readonly epochs: Epochs;
  private readonly descent: Descent;

  /** @throws {UsageError} fewer images than one batch, or a batch of one */
  constructor(
    readonly encoder: Module,
    private readonly options: Mcr2LearnerOptions,
  ) {
    const {
      train,
      epochs,
      views,
      random,
      shuffle = false,
      augment = {},
      imageSize,
      device,
      across,
    } = options;
    const batchSize = options.batchSize / (views?.count ?? 1);
    requireBatch(train, batchSize, { nets: [encoder], least: views === undefined ? RATE : VIEWS });
    this.epochs = new Epochs(train, {
      ...{ batchSize, random, shuffle, augment, imageSize, device, ...(across && { share: across }) },
    });
    this.perEpoch = this.epochs.steps;
    this.steps = epochs * this.perEpoch;
    this.evalEvery = options.evalEvery && options.evalEvery * this.perEpoch;
    this.evaluate = options.evaluate;
    const { optimizer, clipGrad, ema, precision } = options;
    synchronise(encoder, across);
    this.descent = new Descent(encoder, {
      ...{ optimizer, clipGrad, ema, precision, lr: (at) => this.lr(at), across, losses: "whole" },
    });
    this.parts = { model: weights(encoder), descent: this.descent };
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: EpochBatch, at: number): Logged {
    const { images, labels, classes } = this.classesOf(batch, at);
    const loss = () => {
      const { loss, expansion, compression, rate } = mcr2Loss(
        this.encoder.apply(images),
        labels,
        classes,
        this.options,
      );
      return { loss, expansion, R: rate, Rc: compression, deltaR: rate.sub(compression) };
    };
    return logged(this.descent.step([loss], at, given(batch)));
  }

  private classesOf({ images, labels, indices, rows }: EpochBatch, at: number) {
    const { views, labels: learned, train, random, device } = this.options;
    if (views !== undefined) {
      const changes = random.at("views").at(`step.${at}`).of(rows);
      const { images: all, labels: own } = viewsOf(images, views.count, views.change, changes);
      if (rows === undefined) return { images: all, labels: own, classes: images.size(0) };
      const places = tensor(BigInt64Array.from(Array.from(rows.at, BigInt)), { device }); // in the whole batch
      return { images: all, labels: places.indexSelect(0, own), classes: rows.whole };
    }
    const classes = train.classes.length;
    if (learned === undefined) return { images, labels, classes };
    const chosen = BigInt64Array.from(indices, (i) => BigInt(learned[i]!));
    return { images, labels: tensor(chosen, { device }), classes };
  }

  private lr(step: number): number {
    const epoch = Math.floor(step / this.perEpoch);
    const { lr, milestones = [] } = this.options;
    return lr * 0.1 ** milestones.filter((milestone) => epoch >= milestone).length;
  }

  /** Frees the optimiser and the average. */
  dispose(): void {
    this.descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

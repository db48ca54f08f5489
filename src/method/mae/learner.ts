/** @file Masked autoencoding as a learner: AdamW that decays matrices only, a warmed cosine, new masks for every batch. */

import { areaOf } from "../../base/size.ts";
import type { BatchOptions, ImageSource } from "../../data/index.ts";
import { maskedError, maskedTarget, randomMask } from "../../model/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import { type EpochBatch, Epochs, given, imagesOf, shareOf } from "../../train/epochs.ts";
import { type FixedStep, type Inputs, requireFixed } from "../../train/fixed-step.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import { warmedCosine } from "../../train/schedule.ts";
import { requireShards, type Shard, shardsOf } from "../../train/shards.ts";
import { weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { requireBatch } from "../requirements.ts";
import { type Mae, type MaskOptions, maskedErrors } from "./errors.ts";

export interface MaeLearnerOptions
  extends MaskOptions,
    Pick<DescentOptions, "precision" | "clipGrad" | "ema" | "across" | "shardOptimizer"> {
  train: ImageSource;
  test: ImageSource;
  random: Random;
  batch: BatchOptions;
  /** Images whose gradients are computed at once; the whole batch unless given. */
  microBatch?: number | undefined;
  /** S, see `shardsOf`; takes the place of `microBatch`. */
  shards?: number | undefined;
  epochs: number;
  lr: number;
  warmupEpochs: number;
  /** Muon's for the matrices between others. */
  optimizer?: "adamw" | "muon" | undefined;
  weightDecay: number;
  betas: readonly [number, number];
  /** Epochs between evaluations. */
  evalEvery: number;
}

/** Biases and norms, which have one dimension, are not decayed. */
const decays = (_: string, { dim }: Tensor) => dim > 1;

/** Trains a masked autoencoder that belongs to the caller. */
export class MaeLearner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly perEpoch: number;
  readonly evalEvery: number;
  readonly parts;
  private readonly epochs: Epochs;
  private readonly descent: Descent;

  /** @throws {UsageError} fewer images than one batch */
  constructor(
    readonly mae: Mae,
    private readonly options: MaeLearnerOptions,
  ) {
    const { train, batch, epochs, warmupEpochs, weightDecay, betas, lr, evalEvery, across } = options;
    requireBatch(train, batch.batchSize);
    requireShards(options.shards, batch.batchSize, across);
    this.epochs = new Epochs(train, { ...batch, ...(across && { share: across }) });
    this.perEpoch = this.epochs.steps;
    this.steps = epochs * this.perEpoch;
    this.evalEvery = evalEvery * this.perEpoch;
    const factor = warmedCosine({ total: this.steps, warmup: warmupEpochs * this.perEpoch });
    const { optimizer = "adamw", precision, clipGrad, ema, shardOptimizer } = options;
    this.descent = new Descent(mae, {
      ...{ precision, clipGrad, ema, lr: (at) => lr * factor(at), across, shardOptimizer },
      optimizer: { name: optimizer, weightDecay, betas, decays },
    });
    this.parts = { model: weights(mae), descent: this.descent };
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: EpochBatch, at: number): Logged {
    return this.descend(this.inputs(batch, at), batch, at);
  }

  /** The step from images and masks. @throws {UsageError} for parts of a batch, several processes */
  fixed(): FixedStep<EpochBatch> {
    const { shards, across } = this.options;
    requireFixed({ "train.shards": shards, "other processes": across });
    return {
      descent: this.descent,
      inputs: (batch, at) => this.inputs(batch, at),
      run: (inputs, batch, at) => this.descend(inputs, batch, at),
    };
  }

  /** A batch's images [b, c, h, w], and its masks [b, N]. */
  private inputs({ images, rows }: EpochBatch, at: number) {
    const { random, ratio } = this.options;
    const [b, , H, W] = images.shape as [number, number, number, number];
    const patches = (H * W) / areaOf(this.mae.options.patch);
    const noise = random.at("mask").at(`step.${at}`).of(rows).uniform([b, patches]);
    return { images, mask: randomMask(noise, ratio).to(images.device) };
  }

  private descend(inputs: Inputs, batch: EpochBatch, at: number): Logged {
    const { images, mask } = inputs as { images: Tensor; mask: Tensor };
    const b = images.size(0);
    const { microBatch = b, shards, across } = this.options;
    const whole = this.epochs.whole(batch, b, across);
    const lossOf = ({ start, length }: Shard) => {
      const part = (of: Tensor) => of.narrow(0, start, length);
      return () => shareOf(this.loss(part(images), part(mask)), length, whole);
    };
    if (shards !== undefined) {
      const losses = shardsOf(shards, b, batch.rows, across).map(lossOf);
      return logged(this.descent.addParts(losses, 1, at, given(batch))!);
    }
    const losses: (() => Tensor)[] = [];
    for (let start = 0; start < b; start += microBatch)
      losses.push(lossOf({ start, length: Math.min(microBatch, b - start) }));
    return logged(this.descent.step(losses, at, given(batch)));
  }

  /** Over the removed patches: []. */
  private loss(images: Tensor, mask: Tensor): Tensor {
    const target = maskedTarget(images, this.mae.options.patch, this.options.normalisePixels);
    return maskedError(this.mae.apply(images, mask), target, mask);
  }

  async evaluate(): Promise<Milestone> {
    const { mae, options } = this;
    const { test, batch, random, across } = options;
    const masks = random.at("eval.mask");
    const { masked, meanFill } = await maskedErrors(mae, test, batch, options, masks, across);
    return {
      numbers: { "eval/masked": masked, "eval/meanFill": meanFill },
      score: -masked,
      scored: "eval/masked",
      text: `masked error ${masked.toFixed(4)}, ${(masked / meanFill).toFixed(3)} of the mean fill's ${meanFill.toFixed(4)}`,
    };
  }

  /** Frees the optimiser and the average. */
  dispose(): void {
    this.descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

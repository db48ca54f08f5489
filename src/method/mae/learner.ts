/** @file Masked autoencoding as a learner: AdamW that decays matrices only, a warmed cosine, new masks at every step. */

import { type Batch, type BatchOptions, batchCount, batches, type ImageSource } from "../../data/index.ts";
import { maskedError, maskedTarget, randomMask } from "../../model/index.ts";
import { gradients, NotFiniteError, type Random, scope, type Tensor } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { warmedCosine } from "../../train/schedule.ts";
import { requireBatch } from "../requirements.ts";
import { type Mae, type MaskOptions, maskedErrors } from "./errors.ts";

export interface MaeLearnerOptions extends MaskOptions {
  train: ImageSource;
  test: ImageSource;
  random: Random;
  batch: BatchOptions;
  /** Images whose gradients are computed at once; the whole batch unless given. */
  microBatch?: number | undefined;
  epochs: number;
  lr: number;
  warmupEpochs: number;
  weightDecay: number;
  betas: readonly [number, number];
  precision: Precision;
  device: string;
  /** Epochs between evaluations; the end is always evaluated. */
  evalEvery: number;
}

/** Trains a masked autoencoder that belongs to the caller. */
export class MaeLearner implements Learner<Batch> {
  readonly steps: number;
  private readonly perEpoch: number;
  private readonly factor: (t: number) => number;
  private readonly parameters: Tensor[];
  private readonly optimizer: Optimizer;

  /** @throws {UsageError} fewer images than one batch */
  constructor(
    readonly mae: Mae,
    private readonly options: MaeLearnerOptions,
  ) {
    const { train, batch, epochs, warmupEpochs, weightDecay, betas } = options;
    requireBatch(train, batch.batchSize);
    this.perEpoch = batchCount(train.count, batch.batchSize, true);
    this.steps = epochs * this.perEpoch;
    this.factor = warmedCosine({ total: this.steps, warmup: warmupEpochs * this.perEpoch });
    const named = mae.namedParameters();
    this.parameters = [...named.values()];
    // biases and norms, which have one dimension, are not decayed
    const decays = (_: string, { dim }: Tensor) => dim > 1;
    this.optimizer = createOptimizer("adamw", named, { weightDecay, betas, decays });
  }

  async *batches(from: number): AsyncGenerator<Batch> {
    const { train, batch } = this.options;
    for (let epoch = Math.floor(from / this.perEpoch); ; epoch++) {
      const start = Math.max(from - epoch * this.perEpoch, 0);
      yield* batches(train, { ...batch, shuffle: true, epoch, start, dropLast: true });
    }
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step({ images }: Batch, at: number): Numbers {
    const { random, lr: highest, ratio, device, microBatch = images.size(0) } = this.options;
    const [b, , H, W] = images.shape as [number, number, number, number];
    const patches = (H * W) / this.mae.options.patch ** 2;
    const noise = random.at("mask").at(`step.${at}`).uniform([b, patches]);
    const mask = randomMask(noise, ratio).to(device);
    let loss = 0;
    let sums: Tensor[] | undefined;
    for (let start = 0; start < b; start += microBatch) {
      const length = Math.min(microBatch, b - start);
      const part = this.partOf(images.narrow(0, start, length), mask.narrow(0, start, length), length / b);
      loss += part.loss;
      if (!Number.isFinite(loss))
        throw new NotFiniteError(
          `the loss is ${loss} at step ${at + 1}; lower the learning rate or look at the data`,
        );
      if (sums === undefined) sums = part.gradients;
      else for (const [i, sum] of sums.entries()) sum.add_(part.gradients[i]!);
    }
    const lr = highest * this.factor(at);
    this.optimizer.step(sums!, lr);
    return { "train/loss": loss, lr };
  }

  /** Loss and gradients of some of a batch's images, times their share of it. */
  private partOf(images: Tensor, mask: Tensor, share: number): { loss: number; gradients: Tensor[] } {
    const { precision, device, normalisePixels } = this.options;
    return scope(() => {
      const target = maskedTarget(images, this.mae.options.patch, normalisePixels);
      const prediction = inPrecision(precision, device, () => this.mae.apply(images, mask));
      const loss = maskedError(prediction, target, mask).mul(share);
      return { loss: loss.item(), gradients: gradients(loss, this.parameters) };
    }, "masked loss");
  }

  due(done: number): boolean {
    return isDue(done, this.steps, this.options.evalEvery * this.perEpoch);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { test, batch, random, epochs } = this.options;
    const { masked, meanFill } = await maskedErrors(
      this.mae,
      test,
      batch,
      this.options,
      random.at("eval.mask"),
    );
    const text = `masked error ${masked.toFixed(4)}, ${(masked / meanFill).toFixed(3)} of the mean fill's ${meanFill.toFixed(4)}`;
    return {
      numbers: { "eval/masked": masked, "eval/meanFill": meanFill },
      score: -masked,
      text: `epoch ${done / this.perEpoch}/${epochs}  ${text}`,
    };
  }

  snapshot() {
    const { optimizer } = this;
    return {
      ...{ model: this.mae.stateDict(), optimizer: optimizer.stateDict() },
      state: { steps: optimizer.steps },
    };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.mae.load(model);
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

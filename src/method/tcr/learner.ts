/** @file Features without labels from two views of each image, by total coding rate: where MLC and NMCE start. */

import type { Size } from "../../base/size.ts";
import { type ImageSet, type ImageSource, imageSource } from "../../data/index.ts";
import { type Module, synchronise } from "../../nn/index.ts";
import { meanTcrLoss, type TcrLoss, tcrLoss } from "../../rate/index.ts";
import { cat, noGrad, type Random, type Tensor, UsageError } from "../../tensor/index.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import { type EpochBatch, Epochs, given, imagesOf } from "../../train/epochs.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import type { Precision } from "../../train/precision.ts";
import { schedule } from "../../train/schedule.ts";
import { weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { requireBatch } from "../requirements.ts";

export interface TcrLearnerOptions extends Pick<DescentOptions, "clipGrad" | "ema" | "across"> {
  /** `"nmce"`: the mean of the views' rates, and their mean cosine. `"mlc"`: the rate of their mean, and all |cosines|. */
  objective: "nmce" | "mlc";
  train: ImageSet | ImageSource;
  /** A view of images [b, c, h, w] in [0, 1], each changed at random; what the net takes. Drawn twice for a batch. */
  augment: (images: Tensor, random: Random) => Tensor;
  random: Random;
  epochs: number;
  batchSize: number;
  /** λ; 30 for nmce unless given, to be given for mlc. */
  alignment?: number;
  /** ε */
  epsilon: number;
  /** `"lars"`, the authors', unless given. */
  optimizer?: "lars" | "adam";
  /** Learning rate, 0.3 unless given; it rises over `warmupEpochs` (10) and falls by a cosine, epoch by epoch. */
  lr?: number;
  warmupEpochs?: number;
  /** 1e-4 unless given; biases and norms have none. */
  weightDecay?: number;
  /** Of the net's products; rates stay wide. */
  precision?: Precision;
  /** Side of the images; the set's own unless given. */
  imageSize?: Size;
  device?: string;
  /** Epochs between evaluations; the end is always evaluated. */
  evalEvery?: number | undefined;
  /** What is found out about the net. */
  evaluate: () => Promise<Milestone>;
}

/** Self-supervised training of a net that gives features on the sphere. The net belongs to the caller. */
export class TcrLearner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly perEpoch: number;
  readonly evalEvery: number | undefined;
  readonly parts;
  readonly evaluate: () => Promise<Milestone>;
  private readonly epochs: Epochs;
  private readonly descent: Descent;

  /** @throws {UsageError} a batch larger than the set, mlc without λ */
  constructor(
    readonly net: Module,
    private readonly options: TcrLearnerOptions,
  ) {
    const { epochs, batchSize, random, imageSize, device = "cpu", lr = 0.3, warmupEpochs = 10 } = options;
    const { across } = options;
    const source = imageSource(options.train);
    requireBatch(source, batchSize, { least: "the coding rate of one image has no slope" });
    if (options.objective === "mlc" && options.alignment === undefined)
      throw new UsageError("tcr: expected an alignment λ for mlc, got none; its text gives no value");
    this.epochs = new Epochs(source, {
      ...{ batchSize, random, device, ...(across && { share: across }) },
      ...(imageSize !== undefined && { imageSize }),
    });
    this.perEpoch = this.epochs.steps;
    this.steps = epochs * this.perEpoch;
    this.evalEvery = options.evalEvery && options.evalEvery * this.perEpoch;
    this.evaluate = options.evaluate;
    const factor = schedule({ kind: "cosine", total: epochs, warmup: warmupEpochs });
    const { optimizer: name = "lars", weightDecay = 1e-4, clipGrad, ema } = options;
    synchronise(net, across);
    this.descent = new Descent(net, {
      optimizer: { name, weightDecay, momentum: name === "lars" ? 0.9 : undefined },
      lr: (at) => lr * factor(Math.floor(at / this.perEpoch)),
      ...{ precision: options.precision, clipGrad, ema, across, losses: "whole" },
    });
    this.parts = { model: weights(net), descent: this.descent };
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: EpochBatch, at: number): Logged {
    const { net, options } = this;
    net.train();
    const stream = options.random.at("views").at(`step.${at}`).of(batch.rows);
    const view = (i: number) => options.augment(batch.images, stream.at(`${i}`));
    const views = noGrad(() => cat([view(0), view(1)]));
    const loss = () => {
      const [Z, other] = net.apply(views).chunk(2) as [Tensor, Tensor]; //      one pass: batch norm sees both
      return { ...this.loss(Z, other) };
    };
    return logged(this.descent.step([loss], at, given(batch)));
  }

  private loss(Z: Tensor, other: Tensor): TcrLoss {
    const { objective, alignment, epsilon, across } = this.options;
    if (objective === "nmce")
      return tcrLoss(Z, other, { epsilon, across, ...(alignment !== undefined && { alignment }) });
    return meanTcrLoss(Z, other, { epsilon, across, alignment: alignment! });
  }

  /** Frees the optimiser and the average. */
  dispose(): void {
    this.descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

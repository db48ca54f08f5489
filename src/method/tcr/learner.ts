/** @file Features without labels from two views of each image, by total coding rate: where MLC and NMCE start. */

import {
  type Batch,
  batchCount,
  batches,
  type ImageSet,
  type ImageSource,
  imageSource,
} from "../../data/index.ts";
import type { Module } from "../../nn/index.ts";
import { meanTcrLoss, type TcrLoss, tcrLoss } from "../../rate/index.ts";
import {
  cat,
  gradients,
  NotFiniteError,
  noGrad,
  type Random,
  type Tensor,
  UsageError,
} from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { schedule } from "../../train/schedule.ts";
import { requireBatch } from "../requirements.ts";

export interface TcrLearnerOptions {
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
  /** ε; √0.2 for nmce and √0.1 for mlc unless given. */
  precision?: number;
  /** `"lars"`, the authors', unless given. */
  optimizer?: "lars" | "adam";
  /** Learning rate, 0.3 unless given; it rises over `warmupEpochs` (10) and falls by a cosine, epoch by epoch. */
  lr?: number;
  warmupEpochs?: number;
  /** 1e-4 unless given; biases and norms have none. */
  weightDecay?: number;
  /** Side of the images; the set's own unless given. */
  imageSize?: number;
  device?: string;
  /** Epochs between evaluations; the end is always evaluated. */
  evalEvery?: number;
  /** What is found out about the net. */
  evaluate: () => Promise<Milestone>;
}

/** Self-supervised training of a net that gives features on the sphere. The net belongs to the caller. */
export class TcrLearner implements Learner<Batch> {
  readonly steps: number;
  private readonly perEpoch: number;
  private readonly source: ImageSource;
  private readonly optimizer: Optimizer;
  private readonly factor: (epoch: number) => number;

  /** @throws {UsageError} a batch larger than the set, mlc without λ */
  constructor(
    readonly net: Module,
    private readonly options: TcrLearnerOptions,
  ) {
    const { epochs, batchSize, warmupEpochs = 10, weightDecay = 1e-4 } = options;
    this.source = imageSource(options.train);
    requireBatch(this.source, batchSize, { least: "the coding rate of one image has no slope" });
    if (options.objective === "mlc" && options.alignment === undefined)
      throw new UsageError("tcr: expected an alignment λ for mlc, got none; its text gives no value");
    this.perEpoch = batchCount(this.source.count, batchSize, true);
    this.steps = epochs * this.perEpoch;
    this.factor = schedule({ kind: "cosine", total: epochs, warmup: warmupEpochs });
    const { optimizer = "lars" } = options;
    const rule = { weightDecay, ...(optimizer === "lars" && { momentum: 0.9 }) };
    this.optimizer = createOptimizer(optimizer, net.namedParameters(), rule);
  }

  /** Epoch after epoch in a new order each, without what is left over at its end. */
  async *batches(from: number): AsyncGenerator<Batch> {
    const { batchSize, random, device, imageSize } = this.options;
    const place = { ...(device !== undefined && { device }), ...(imageSize !== undefined && { imageSize }) };
    for (let step = from; ; ) {
      const [epoch, start] = [Math.floor(step / this.perEpoch), step % this.perEpoch];
      const order = { random, shuffle: true, epoch, start, dropLast: true };
      yield* batches(this.source, { batchSize, ...order, ...place });
      step += this.perEpoch - start;
    }
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step({ images }: Batch, at: number): Numbers {
    const { net, options, optimizer } = this;
    const { lr = 0.3, random } = options;
    net.train();
    const stream = random.at("views").at(`step.${at}`);
    const views = noGrad(() => cat([0, 1].map((view) => options.augment(images, stream.at(`${view}`)))));
    const [Z, other] = net.apply(views).chunk(2) as [Tensor, Tensor]; //        one pass: batch norm sees both
    const { loss, rate, cosine } = this.loss(Z, other);
    const value = loss.item();
    if (!Number.isFinite(value))
      throw new NotFiniteError(
        `the loss is ${value} at step ${at + 1}; lower the learning rate or look at the data`,
      );
    const now = lr * this.factor(Math.floor(at / this.perEpoch));
    optimizer.step(gradients(loss, net.parameters()), now);
    return { "train/loss": value, "train/rate": rate.item(), "train/cosine": cosine.item(), lr: now };
  }

  private loss(Z: Tensor, other: Tensor): TcrLoss {
    const { objective, alignment, precision } = this.options;
    const epsilon = precision === undefined ? {} : { precision };
    if (objective === "nmce")
      return tcrLoss(Z, other, { ...epsilon, ...(alignment !== undefined && { alignment }) });
    return meanTcrLoss(Z, other, { ...epsilon, alignment: alignment! });
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
    const { net, optimizer } = this;
    return { model: net.stateDict(), optimizer: optimizer.stateDict(), state: { steps: optimizer.steps } };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.net.load(model);
    this.optimizer.load(optimizer, (state as { steps: number }).steps);
  }

  dispose(): void {
    this.optimizer.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

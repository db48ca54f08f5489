/** @file Closed-loop transcription as a learner: endless shuffled batches, linear decay, evaluation by subspaces. */

import {
  type Batch,
  batchCount,
  batches,
  type ImageSet,
  type ImageSource,
  imageSource,
  leavesOne,
} from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { evaluateEncoder } from "../../evaluate/index.ts";
import type { Random } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { requireBatch } from "../requirements.ts";
import type { Players } from "./players.ts";
import { type CtrlOptions, checkCtrlOptions, ctrlStep, decayedRate } from "./step.ts";

export interface CtrlLearnerOptions extends CtrlOptions {
  train: ImageSet | ImageSource;
  test: ImageSet | ImageSource;
  random: Random;
  /** Steps in all; the rate falls to 0 over them. */
  steps: number;
  batchSize: number;
  lr: number;
  imageSize: number;
  device?: string;
  /** Steps between evaluations; the last step is always evaluated. */
  evalEvery?: number;
  /** Directions per class of the nearest-subspace classifier: 10 unless given. */
  components?: number;
}

/**
 * Epoch after epoch in a new order each, in [−1, 1]; the last batch of an epoch is what is left, but for a single image,
 * which is left out.
 */
export async function* endlessBatches(
  source: ImageSource,
  options: Pick<CtrlLearnerOptions, "batchSize" | "random" | "imageSize" | "device">,
  from: number,
): AsyncGenerator<Batch> {
  const { batchSize, random, imageSize, device } = options;
  const dropLast = leavesOne(source.count, batchSize);
  const perEpoch = batchCount(source.count, batchSize, dropLast);
  for (let step = from; ; ) {
    const [epoch, start] = [Math.floor(step / perEpoch), step % perEpoch];
    const normalise = SYMMETRIC(source.channels);
    const place = { imageSize, ...(device !== undefined && { device }) };
    const order = { random, shuffle: true, epoch, start, dropLast };
    yield* batches(source, { batchSize, normalise, ...order, ...place });
    step += perEpoch - start;
  }
}

/** CTRL on a set of images. The players belong to the caller. */
export class CtrlLearner implements Learner<Batch> {
  readonly steps: number;
  private readonly source: ImageSource;

  constructor(
    readonly players: Players,
    private readonly options: CtrlLearnerOptions,
  ) {
    checkCtrlOptions(options);
    this.steps = options.steps;
    this.source = imageSource(options.train);
    const { encoder, decoder } = players.nets;
    requireBatch(this.source, options.batchSize, { nets: [encoder, decoder], least: "rates compare images" });
  }

  batches(from: number): AsyncGenerator<Batch> {
    return endlessBatches(this.source, this.options, from);
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step(batch: Batch, at: number): Numbers {
    const lr = decayedRate(this.options.lr, at, this.steps);
    const { encoder, decoder } = ctrlStep(this.players, batch, this.options, lr);
    return { "train/encoderObjective": encoder, "train/decoderObjective": decoder, lr };
  }

  due(done: number): boolean {
    return isDue(done, this.steps, this.options.evalEvery);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { train, test, imageSize, device, components } = this.options;
    const images = {
      imageSize,
      ...(device !== undefined && { device }),
      ...(components !== undefined && { components }),
    };
    const { pca, svd } = await evaluateEncoder(this.players.nets.encoder, train, test, images);
    const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
    return {
      numbers: { "eval/pca": 100 * pca, "eval/svd": 100 * svd },
      score: Math.max(pca, svd),
      text: `step ${done}/${this.steps}  nearest subspace ${percent(pca)} (PCA) ${percent(svd)} (SVD)`,
    };
  }

  snapshot() {
    return this.players.snapshot();
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.players.restore(model, optimizer, state as { steps: number[] });
  }
}

/** @file Closed-loop transcription as a learner: shuffled batches, linear decay, evaluation by subspaces. */

import { inPercent, percent } from "../../base/percent.ts";
import { type ImageSet, type ImageSource, imageSource, leavesOne } from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { evaluateEncoder } from "../../evaluate/index.ts";
import type { Random } from "../../tensor/index.ts";
import { type EpochBatch, Epochs, imagesOf } from "../../train/epochs.ts";
import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
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
  device?: string | undefined;
  /** Steps between evaluations; the last step is always evaluated. */
  evalEvery?: number | undefined;
  /** Directions per class of the nearest-subspace classifier: 10 unless given. */
  components?: number | undefined;
}

type BatchesOptions = Pick<CtrlLearnerOptions, "batchSize" | "random" | "imageSize" | "device" | "across">;

/**
 * Batches in [−1, 1]; the last of an epoch is what is left, but for a single image, which is left out: it has no other
 * to be compared with.
 */
export function symmetricEpochs(source: ImageSource, options: BatchesOptions): Epochs {
  const { device = "cpu", across, ...given } = options;
  const dropLast = leavesOne(source.count, options.batchSize);
  const share = across && { share: across };
  return new Epochs(source, { ...given, ...share, device, normalise: SYMMETRIC(source.channels), dropLast });
}

/** CTRL on a set of images. The players belong to the caller. */
export class CtrlLearner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly evalEvery: number | undefined;
  readonly parts;
  private readonly epochs: Epochs;

  constructor(
    readonly players: Players,
    private readonly options: CtrlLearnerOptions,
  ) {
    checkCtrlOptions(options);
    const { steps, evalEvery, batchSize, random, imageSize, device, across } = options;
    this.steps = steps;
    this.evalEvery = evalEvery;
    this.parts = players.parts;
    const source = imageSource(options.train);
    const { encoder, decoder } = players.nets;
    requireBatch(source, batchSize, { nets: [encoder, decoder], least: "rates compare images" });
    this.epochs = symmetricEpochs(source, { batchSize, random, imageSize, device, across });
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: EpochBatch, at: number): Numbers {
    const lr = decayedRate(this.options.lr, at, this.steps);
    const { encoder, decoder } = ctrlStep(this.players, batch, this.options, lr);
    return { "train/encoderObjective": encoder, "train/decoderObjective": decoder, lr };
  }

  async evaluate(): Promise<Milestone> {
    const { train, test, imageSize, device = "cpu", components = 10, across } = this.options;
    const images = { imageSize, device, components, across };
    const { pca, svd } = await evaluateEncoder(this.players.nets.encoder, train, test, images);
    return {
      numbers: inPercent({ "eval/pca": pca, "eval/svd": svd }),
      score: Math.max(pca, svd),
      scored: pca >= svd ? "eval/pca" : "eval/svd",
      text: `nearest subspace ${percent(pca)} (PCA) ${percent(svd)} (SVD)`,
    };
  }
}

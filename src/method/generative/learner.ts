/** @file The comparators as a learner: shuffled batches, a step of VAE or of adversarial nets on each. */

import type { ImageSource } from "../../data/index.ts";
import type { Random } from "../../tensor/index.ts";
import type { EpochBatch, Epochs } from "../../train/epochs.ts";
import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
import { type GanKind, ganStep } from "../ctrl/comparators/gan.ts";
import { vaeStep } from "../ctrl/comparators/vae.ts";
import { symmetricEpochs } from "../ctrl/learner.ts";
import type { Players } from "../ctrl/players.ts";
import { requireBatch } from "../requirements.ts";

export interface GenerativeOptions {
  kind: "vae" | GanKind;
  train: ImageSource;
  random: Random;
  steps: number;
  batchSize: number;
  lr: number;
  features: number;
  beta: number;
  imageSize: number;
  device: string;
  evalEvery?: number | undefined;
  /** What is found out about the nets. */
  evaluate: () => Promise<Milestone>;
}

/** The players belong to the caller. */
export class GenerativeLearner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly evalEvery: number | undefined;
  readonly parts;
  readonly evaluate: () => Promise<Milestone>;
  private readonly epochs: Epochs;

  constructor(
    readonly players: Players,
    private readonly options: GenerativeOptions,
  ) {
    const { steps, evalEvery, evaluate, train, batchSize, random, imageSize, device } = options;
    this.steps = steps;
    this.evalEvery = evalEvery;
    this.evaluate = evaluate;
    this.parts = players.parts;
    const { encoder, decoder } = players.nets;
    requireBatch(train, batchSize, { nets: [encoder, decoder] });
    this.epochs = symmetricEpochs(train, { batchSize, random, imageSize, device });
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return batch.indices.length;
  }

  step({ images, rows }: EpochBatch, at: number): Numbers {
    const { kind, features, lr, beta, random, device } = this.options;
    const draws = random.at("noise").at(`step.${at}`).of(rows);
    if (kind === "vae") {
      const noise = draws.normal([images.size(0), features], { device });
      return { "train/loss": vaeStep(this.players, images, noise, lr, beta), lr };
    }
    const { discriminator, generator } = ganStep(kind, this.players, images, draws, { features, lr });
    return { "train/discriminator": discriminator, "train/generator": generator, lr };
  }
}

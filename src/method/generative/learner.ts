/** @file The comparators as a learner: endless shuffled batches, a step of VAE or of adversarial nets on each. */

import type { Batch, ImageSource } from "../../data/index.ts";
import type { Random } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { type GanKind, ganStep } from "../ctrl/comparators/gan.ts";
import { vaeStep } from "../ctrl/comparators/vae.ts";
import { endlessBatches } from "../ctrl/learner.ts";
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
  evalEvery?: number;
  /** What is found out about the nets. */
  evaluate: () => Promise<Milestone>;
}

/** The players belong to the caller. */
export class GenerativeLearner implements Learner<Batch> {
  readonly steps: number;

  constructor(
    readonly players: Players,
    private readonly options: GenerativeOptions,
  ) {
    this.steps = options.steps;
    const { encoder, decoder } = players.nets;
    requireBatch(options.train, options.batchSize, { nets: [encoder, decoder] });
  }

  batches(from: number): AsyncGenerator<Batch> {
    return endlessBatches(this.options.train, this.options, from);
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step({ images }: Batch, at: number): Numbers {
    const { kind, features, lr, beta, random, device } = this.options;
    const draws = random.at("noise").at(`step.${at}`);
    if (kind === "vae") {
      const noise = draws.normal([images.size(0), features], { device });
      return { "train/loss": vaeStep(this.players, images, noise, lr, beta), lr };
    }
    const { discriminator, generator } = ganStep(kind, this.players, images, draws, { features, lr });
    return { "train/discriminator": discriminator, "train/generator": generator, lr };
  }

  due(done: number): boolean {
    return isDue(done, this.steps, this.options.evalEvery);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { text, ...found } = await this.options.evaluate();
    return { ...found, text: `step ${done}/${this.steps}  ${text}` };
  }

  snapshot() {
    return this.players.snapshot();
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.players.restore(model, optimizer, state as { steps: number[] });
  }
}

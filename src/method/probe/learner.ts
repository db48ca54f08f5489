/** @file A linear classifier on frozen features as a learner: LARS on features that were computed once. */

import { percent } from "../../base/percent.ts";
import { batchCount, epochOrder } from "../../data/index.ts";
import { accuracy } from "../../evaluate/classify/index.ts";
import { LarsHead } from "../../evaluate/classify/lars-head.ts";
import type { Features } from "../../evaluate/features.ts";
import type { Module } from "../../nn/index.ts";
import {
  CheckpointError,
  NotFiniteError,
  noGrad,
  type Random,
  type Tensor,
  tensor,
} from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
import { warmedCosine } from "../../train/schedule.ts";
import { above, type Stateful, weights } from "../../train/stateful.ts";
import { requireBatch } from "../requirements.ts";

export interface ProbeLearnerOptions {
  train: Pick<Features, "Z" | "labels">;
  test: Pick<Features, "Z" | "labels">;
  classes: number;
  random: Random;
  epochs: number;
  batchSize: number;
  lr: number;
  warmupEpochs: number;
}

/** What a checkpoint holds of the head, beside the network's own names. */
const PREFIX = "probe.";

/** Trains a head on features that belong to the caller; the network is only saved with it. */
export class ProbeLearner implements Learner<Int32Array> {
  readonly steps: number;
  readonly unit = "features";
  readonly head: LarsHead;
  readonly perEpoch: number;
  readonly parts: Readonly<Record<string, Stateful>>;
  private readonly factor: (t: number) => number;

  constructor(
    network: Module,
    private readonly options: ProbeLearnerOptions,
  ) {
    const { train, classes, random, epochs, warmupEpochs } = options;
    const count = train.Z.size(0);
    requireBatch({ name: "the training set", count }, options.batchSize);
    this.perEpoch = batchCount(count, options.batchSize, true);
    this.steps = epochs * this.perEpoch;
    this.factor = warmedCosine({ total: this.steps, warmup: warmupEpochs * this.perEpoch });
    this.head = new LarsHead(train.Z, classes, random.at("head"));
    const own = weights(network);
    this.parts = {
      network: { ...own, restore: (saved) => own.restore({ ...saved, model: networkOf(saved.model) }) },
      head: {
        saved: () => ({ model: above(new Map(Object.entries(this.head.state)), PREFIX) }),
        restore: ({ model }) => copyHead(this.head, model),
      },
    };
  }

  /** Positions of features, another order in each epoch. */
  async *batches(from: number): AsyncGenerator<Int32Array> {
    const { train, batchSize, random } = this.options;
    for (let epoch = Math.floor(from / this.perEpoch); ; epoch++) {
      const order = epochOrder(train.Z.size(0), epoch, random);
      for (let i = Math.max(from - epoch * this.perEpoch, 0); i < this.perEpoch; i++)
        yield order.subarray(i * batchSize, (i + 1) * batchSize);
    }
  }

  size(batch: Int32Array): number {
    return batch.length;
  }

  step(batch: Int32Array, at: number): Numbers {
    const { train, lr: highest } = this.options;
    const lr = highest * this.factor(at);
    const rows = tensor(BigInt64Array.from(batch, BigInt), { device: train.Z.device });
    const loss = this.head.step(train.Z.indexSelect(0, rows), train.labels.indexSelect(0, rows), lr);
    if (!Number.isFinite(loss))
      throw new NotFiniteError(
        `loss is ${loss} at step ${at + 1}; lower the learning rate or look at the features`,
      );
    return { "train/loss": loss, lr };
  }

  async evaluate(): Promise<Milestone> {
    const { test } = this.options;
    using predicted = this.head.predict(test.Z);
    const share = accuracy(predicted, test.labels);
    return {
      numbers: { "eval/lars": 100 * share },
      score: share,
      scored: "eval/lars",
      text: `linear probe ${percent(share)}`,
    };
  }

  /** Frees the head. */
  dispose(): void {
    this.head.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The network's tensors of a checkpoint. */
export const networkOf = (model: LoadedCheckpoint["model"]): LoadedCheckpoint["model"] =>
  new Map([...model].filter(([name]) => !name.startsWith(PREFIX)));

/** The head of a checkpoint, on features that it was not trained on too; the caller frees it. */
export function headOf(
  model: LoadedCheckpoint["model"],
  Z: Features["Z"],
  classes: number,
  random: Random,
): LarsHead {
  const head = new LarsHead(Z, classes, random);
  copyHead(head, model);
  return head;
}

/** @throws {CheckpointError} the checkpoint has no such head */
function copyHead(head: LarsHead, model: ReadonlyMap<string, Tensor>): void {
  for (const [name, value] of Object.entries(head.state)) {
    const saved = model.get(PREFIX + name);
    if (saved === undefined) throw new CheckpointError(`the checkpoint has no "${PREFIX}${name}"`);
    noGrad(() => value.copy_(saved));
  }
}

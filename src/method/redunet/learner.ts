/** @file ReduNet as a learner: a step builds a layer. */

import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
import type { Restored } from "../../train/stateful.ts";
import { Construction, type ConstructionOptions } from "./construction.ts";
import type { Samples } from "./gaussians.ts";
import type { ReduNet } from "./redunet.ts";
import { fromState, layersIn, stateDict } from "./state.ts";

export interface ReduNetLearnerOptions extends ConstructionOptions {
  /** What is found out about the network. */
  evaluate: (net: ReduNet) => Milestone;
}

/** Builds a network from samples that belong to the caller. A batch is the number of its layer: all samples make each. */
export class ReduNetLearner implements Learner<number> {
  readonly steps: number;
  readonly milestones: readonly number[];
  readonly unit = "samples";
  /** The features follow from the samples and the layers, so they are not saved. */
  readonly parts = {
    network: {
      saved: () => (this.construction.layers.length === 0 ? {} : { model: stateDict(this.construction.net) }),
      restore: ({ model }: Restored) =>
        this.construction.take(fromState(model, { ...this.options, layers: layersIn(model) })),
    },
  };
  private readonly count: number;
  private readonly construction: Construction;

  /** @throws {UsageError} options out of range, a kernel that does not fit the samples */
  constructor(
    { X, labels }: Samples,
    private readonly options: ReduNetLearnerOptions,
  ) {
    this.steps = options.layers;
    this.count = labels.numel;
    this.construction = new Construction(X, labels, options);
    this.milestones = [options.layers];
  }

  async *batches(from: number): AsyncGenerator<number> {
    for (let layer = from; ; layer++) yield layer;
  }

  size(): number {
    return this.count;
  }

  /** Rates after the layer, nats per shift. */
  step(): Numbers {
    const { rate, predicted, stored, true: truth, accuracy } = this.construction.grow(true)!;
    return {
      "train/R": rate,
      "train/RcPredicted": predicted,
      "train/RcStored": stored,
      "train/RcTrue": truth,
      "train/deltaR": rate - predicted,
      "train/top1": 100 * accuracy,
    };
  }

  async evaluate(): Promise<Milestone> {
    return this.options.evaluate(this.construction.net);
  }

  /** Frees the network. */
  dispose(): void {
    this.construction.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

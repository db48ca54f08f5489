/** @file Learning without forgetting: the net before the task says what old classes should look like on new images. */

import { noGrad, scope, type Tensor } from "../../../tensor/index.ts";
import { above, below } from "../../../train/stateful.ts";
import type { IncrementalClassifier } from "./classifier.ts";
import { type Strategy, seenCrossEntropy, type TaskView } from "./strategy.ts";

export interface LwfOptions {
  /** T of the softened answers: 2. */
  temperature?: number;
  /** λ before the distillation: 1. */
  weight?: number;
}

/**
 * Cross entropy + λ T² KL(softmax(before / T) ‖ softmax(now / T)) over the old classes' logits.
 * @see Li and Hoiem 2017, the loss with distillation
 */
export class Lwf implements Strategy {
  private before: IncrementalClassifier | undefined;

  constructor(private readonly options: LwfOptions = {}) {}

  begin({ model, old }: TaskView): void {
    this.dispose();
    if (old > 0) this.before = scope(() => model.frozen());
  }

  loss(view: TaskView, images: Tensor, labels: Tensor): Tensor {
    const { temperature: T = 2, weight = 1 } = this.options;
    const { before } = this;
    if (before === undefined) return seenCrossEntropy(view, images, labels);
    const logits = view.model.apply(images).narrow(1, 0, view.seen);
    const was = noGrad(() => before.apply(images).narrow(1, 0, view.old).div(T).logSoftmax(-1));
    const is = logits.narrow(1, 0, view.old).div(T).logSoftmax(-1);
    const divergence = was.exp().mul(was.sub(is)).sum(-1).mean();
    const own = logits.logSoftmax(-1).gather(1, labels.unsqueeze(1)).mean().neg();
    return own.add(divergence.mul(weight * T * T));
  }

  /** The net before the task. */
  get bytes(): number {
    return 4 * (this.before?.parameterCount() ?? 0);
  }
  stateDict(): Map<string, Tensor> {
    return above(this.before?.stateDict() ?? new Map(), "before.");
  }
  load(state: ReadonlyMap<string, Tensor>, model: IncrementalClassifier): void {
    this.dispose();
    const before = below(state, "before.");
    if (before.size > 0) this.before = scope(() => model.frozen(before));
  }

  dispose(): void {
    this.before?.dispose();
    this.before = undefined;
  }
}

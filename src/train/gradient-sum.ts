/** @file The gradients of one step, summed over its batches. */

import { noGrad, scope, type Tensor } from "../tensor/index.ts";
import { TensorList } from "./foreach.ts";

export class GradientSum {
  /** Batches added. */
  done = 0;
  /** Mean loss of the batches added, each weighted as one of `size`. */
  loss = 0;
  private list: TensorList | undefined;

  /** @param size batches that make the step */
  constructor(readonly size: number) {}

  get complete(): boolean {
    return this.done === this.size;
  }

  /** One gradient per parameter. */
  get tensors(): readonly Tensor[] {
    return this.list?.tensors ?? [];
  }

  /** Adds a batch: the gradients of its loss divided by `size`, which are taken over, and the loss itself. */
  add(gradients: readonly Tensor[], loss: number): void {
    const added = new TensorList(gradients);
    if (this.list === undefined) this.list = added;
    else {
      noGrad(() => this.list!.add_(added));
      added.dispose();
    }
    this.done++;
    this.loss += loss / this.size;
  }

  /** The Euclidean norm of all together. */
  norm(): number {
    return noGrad(() => scope(() => this.list!.norm().item(), "gradient norm"));
  }

  /** Scales them all so that a `norm` above `most` becomes `most`, as PyTorch does. */
  clip(norm: number, most: number): void {
    if (norm > most) noGrad(() => this.list!.mul_(most / (norm + 1e-6)));
  }

  /** Number of the first parameter whose gradient is not finite; −1 when all are. */
  firstNotFinite(): number {
    return this.tensors.findIndex((gradient) => scope(() => gradient.isFinite().all().item() === 0));
  }

  dispose(): void {
    this.list?.dispose();
  }
}

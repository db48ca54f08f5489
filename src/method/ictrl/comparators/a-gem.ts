/** @file A-GEM: a step may not go against the gradient on remembered images. */

import { gradients, type Tensor } from "../../../tensor/index.ts";
import { TensorList } from "../../../train/foreach.ts";
import type { Slopes } from "../../../train/slopes.ts";
import { Exemplars } from "./exemplars.ts";
import { type Strategy, seenCrossEntropy, type TaskView } from "./strategy.ts";

export interface AGemOptions {
  /** Images kept of each class: the first that came. */
  perClass?: number;
  /** Remembered images per step. */
  batchSize?: number;
}

/**
 *     g ← g − (gᵀr / ‖r‖²) r   where gᵀr < 0,   r the gradient on remembered images
 */
export class AGem implements Strategy {
  private readonly exemplars = new Exemplars();

  constructor(private readonly options: AGemOptions = {}) {}

  loss = seenCrossEntropy;

  changed(view: TaskView, slopes: Slopes): Slopes {
    if (this.exemplars.count === 0) return slopes;
    const { batchSize = 256 } = this.options;
    const { images, labels } = this.exemplars.draw(batchSize, view.random.at(`memory.${view.replayed}`));
    const reference = gradients(seenCrossEntropy(view, images, labels), view.model.parameters());
    return { ...slopes, list: new TensorList(project(slopes.list.tensors, reference)) };
  }

  end({ fresh }: TaskView, images: Tensor, labels: Tensor): void {
    const { perClass = 200 } = this.options;
    for (const label of fresh) {
      const own = images.index([labels.eq(label)]);
      this.exemplars.put(label, own.narrow(0, 0, Math.min(perClass, own.size(0))));
    }
  }

  get bytes(): number {
    return this.exemplars.bytes;
  }
  stateDict(): Map<string, Tensor> {
    return this.exemplars.stateDict();
  }
  load(state: ReadonlyMap<string, Tensor>): void {
    this.exemplars.load(state);
  }

  dispose(): void {
    this.exemplars.dispose();
  }
}

/** The gradient without its part against the reference. @see Chaudhry et al. 2019, the projection */
export function project(gradient: readonly Tensor[], reference: readonly Tensor[]): Tensor[] {
  // read from the device, because the sign decides
  const dot = (a: readonly Tensor[], b: readonly Tensor[]) =>
    a.reduce((sum, tensor, i) => sum + tensor.mul(b[i]!).sum().item(), 0);
  const along = dot(gradient, reference);
  if (along >= 0) return [...gradient];
  const share = along / dot(reference, reference);
  return gradient.map((tensor, i) => tensor.sub(reference[i]!.mul(share)));
}

/** @file What a forward pass changes, such as running statistics, as it was before the step: for a step that is not ended. */

import { keep, noGrad, type Tensor } from "../tensor/index.ts";

/** Copies of some tensors of a learner. */
export class Drift {
  private readonly copies: readonly Tensor[];

  constructor(private readonly tensors: readonly Tensor[]) {
    this.copies = noGrad(() => tensors.map((tensor) => keep(tensor.clone())));
  }

  /** Notes how they are now. */
  note(): void {
    this.each((own, copy) => copy.copy_(own));
  }

  /** Makes them what they were when they were noted. */
  restore(): void {
    this.each((own, copy) => own.copy_(copy));
  }

  private each(body: (own: Tensor, copy: Tensor) => void): void {
    noGrad(() => {
      for (const [i, own] of this.tensors.entries()) body(own, this.copies[i]!);
    });
  }

  dispose(): void {
    for (const copy of this.copies) copy.dispose();
  }
}

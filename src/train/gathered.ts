/** @file What the batches of a step that is not yet whole have come to. */

import { keep } from "../tensor/index.ts";
import { addTo, type Slopes } from "./slopes.ts";

/** Sums of gradients and losses over batches, owned from the first batch on until the step is taken. */
export class Gathered {
  private sum: Slopes | undefined;
  private batches = 0;

  /** Adds a batch. @returns the sum with the last of `of` batches, for `take` */
  add(found: Slopes, of: number): Slopes | undefined {
    if (this.sum === undefined) {
      for (const tensor of [...found.list.tensors, ...Object.values(found.values)]) keep(tensor);
      this.sum = found;
    } else addTo(this.sum, found);
    this.batches++;
    return this.batches < of ? undefined : this.sum;
  }

  /** What `body` makes of the sum, which is then freed. */
  take<T>(body: () => T): T {
    try {
      return body();
    } finally {
      this.dispose();
    }
  }

  dispose(): void {
    this.sum?.list.dispose();
    for (const value of Object.values(this.sum?.values ?? {})) value.dispose();
    this.sum = undefined;
    this.batches = 0;
  }
}

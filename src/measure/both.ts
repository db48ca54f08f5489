/** @file The same inputs through two models: as they were before training, and as they are. */

import type { Tensor } from "../tensor/index.ts";
import type { Subject } from "./layered.ts";
import type { MeasuredLayers } from "./make-report.ts";
import { type MeasureOptions, Meter } from "./meter.ts";

/** Measures layers untrained and trained. */
export class BothMeters {
  private readonly before: Meter | undefined;
  private readonly after: Meter;

  /** @param before none where the untrained weights are not known. @throws {UsageError} options out of range */
  constructor({ before, after }: { before: Subject | null; after: Subject }, options: MeasureOptions = {}) {
    this.before = before === null ? undefined : new Meter(before, options);
    this.after = new Meter(after, options);
  }

  /** @param read is shown what each model made of a part of the inputs */
  add(inputs: Tensor, read?: (output: Tensor, which: "before" | "after") => void): void {
    this.before?.add(inputs, (output) => read?.(output, "before"));
    this.after.add(inputs, (output) => read?.(output, "after"));
  }

  /** @throws {UsageError} nothing was measured */
  layers(): MeasuredLayers {
    const { settings } = this.after;
    return { before: this.before?.measures() ?? null, after: this.after.measures(), settings };
  }
}

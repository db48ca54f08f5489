/** @file What a step has come to, and what is logged of it. */

import type { Logged } from "./learner.ts";
import type { Reading, Readings } from "./readings.ts";

/** Within a loop its numbers are still to be read; see `unread`. */
export interface Step {
  /** Sum of the losses before the step, and sums of what was given beside them. */
  loss: Reading;
  terms: Readings;
  /** Euclidean norm of the gradient before it is clipped. */
  norm: Reading;
  lr: number;
}

/** What is logged of a step. */
export const logged = ({ loss, norm, lr, terms }: Step): Logged => ({
  "train/loss": loss,
  ...Object.fromEntries(Object.entries(terms).map(([name, value]) => [`train/${name}`, value])),
  "train/gradientNorm": norm,
  lr,
});

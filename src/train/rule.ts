/** @file What an optimiser's rule is given, and what it has. */

import type { Tensor } from "../tensor/index.ts";
import type { TensorList } from "./foreach.ts";

/** What an update may use, of parameters with one learning rate and one weight decay. */
export interface Update {
  parameters: TensorList;
  gradients: TensorList;
  /** By name. */
  moments: Record<string, TensorList>;
  /** Counted from 1. */
  step: number;
  lr: number;
  weightDecay: number;
  /** Step and rate on the parameters' device, [] float32, for an operator that takes them there. */
  clock?: Clock | undefined;
}

/** What changes from update to update, in tensors that stay: in a captured CUDA graph a number would stay as it was. */
export interface Clock {
  /** Counted from 1. */
  step: Tensor;
  lr: Tensor;
}

export interface Rule {
  moments: readonly string[];
  update(input: Update): void;
  /**
   * The same by one operator of libtorch that reads memory flat, so that all tensors are contiguous; where it has one.
   * @param skip [] float32: nothing moves where it is 1
   */
  fused?: ((input: Update, skip?: Tensor) => void) | undefined;
}

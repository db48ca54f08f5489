/** @file Pooling over images. */

import { operator, run, type Tensor } from "../tensor/index.ts";
import { type Pair, pair } from "./conv.ts";

const AVG_POOL = operator("avg_pool2d");
const MAX_POOL = operator("max_pool2d");

/** Means of k × k windows that do not overlap: [n, c, H, W] → [n, c, ⌊H/k⌋, ⌊W/k⌋]. */
export const averagePool2d = (X: Tensor, kernel: Pair): Tensor =>
  run(AVG_POOL, X.h, pair(kernel), pair(kernel), [0, 0], false, true, null);

/** Largest of each k × k window, a window every `stride` pixels (k when left out). */
export function maxPool2d(X: Tensor, kernel: Pair, options: { stride?: Pair; padding?: Pair } = {}): Tensor {
  const { stride = kernel, padding = 0 } = options;
  return run(MAX_POOL, X.h, pair(kernel), pair(stride), pair(padding), [1, 1], false);
}

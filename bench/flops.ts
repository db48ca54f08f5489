/** @file Floating-point operations of one training step. */

import { countFlops } from "../src/measure/index.ts";
import { createModel } from "../src/model/index.ts";
import { random } from "../src/tensor/index.ts";

export interface CrateSizes {
  imageSize: number;
  patch: number;
  channels: number;
  classes: number;
  dim: number;
  depth: number;
  heads: number;
  headDim: number;
}

/** Operations in the products of a step of a CRATE: forward, and twice that for the gradients of inputs and weights. */
export function stepFlops(sizes: CrateSizes, batch: number): number {
  using model = createModel("crate", sizes, random(0)).eval();
  using image = random(1).normal([1, sizes.channels, sizes.imageSize, sizes.imageSize]);
  const { perInput, ofWeights } = countFlops([image], () => model.apply(image));
  return 3 * (batch * perInput + ofWeights);
}

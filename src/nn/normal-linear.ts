/** @file The affine map as language models start it. */

import { type Random, zeros } from "../tensor/index.ts";
import { Linear } from "./linear.ts";

/** A linear layer as GPT-2 and BERT start it: weights N(0, deviation²), biases 0. */
export function normalLinear(
  inputs: number,
  outputs: number,
  random: Random,
  options: { bias?: boolean; deviation?: number } = {},
): Linear {
  const { bias = true, deviation = 0.02 } = options;
  const W = random.at("weight").normal([outputs, inputs]).mul_(deviation);
  return new Linear(W, bias ? zeros([outputs]) : undefined);
}

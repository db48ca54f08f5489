/** @file The affine map. */

import type { Random, Tensor } from "../tensor/index.ts";
import { linearUniform } from "./init.ts";
import { Module } from "./module.ts";

/** Linear(x) = x Wᵀ + b: W [out, in], b [out]. */
export class Linear extends Module {
  readonly W: Tensor;
  readonly b: Tensor | undefined;

  constructor(W: Tensor, b?: Tensor) {
    super();
    this.W = this.parameter("weight", W);
    this.b = b && this.parameter("bias", b);
  }

  protected forward(x: Tensor): Tensor {
    return x.linear(this.W, this.b);
  }
}

/** A linear layer as PyTorch starts it: weights and biases U(±1/√inputs). */
export function linear(
  inputs: number,
  outputs: number,
  random: Random,
  options: { bias?: boolean } = {},
): Linear {
  const W = linearUniform([outputs, inputs], inputs, random.at("weight"));
  const b = (options.bias ?? true) ? linearUniform([outputs], inputs, random.at("bias")) : undefined;
  return new Linear(W, b);
}

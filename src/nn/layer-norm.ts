/** @file Layer normalisation. */

import { ones, operator, run, type Tensor, zeros } from "../tensor/index.ts";
import { Module } from "./module.ts";

const LAYER_NORM = operator("layer_norm");
/** Came with libtorch 2.0, as did float32 weights for bfloat16 inputs in layer_norm on the CPU. */
const MIXED = operator("scaled_dot_product_attention");

/** LN(x) = (x − mean) / √(var + ε) · w + b over the last dimension, with the biased variance; b may be left out. */
export class LayerNorm extends Module {
  readonly w: Tensor;
  readonly b: Tensor | undefined;
  private readonly dims: readonly number[];

  constructor(
    dim: number,
    readonly epsilon = 1e-5,
    options: { bias?: boolean } = {},
  ) {
    super();
    this.dims = [dim];
    this.w = this.parameter("weight", ones([dim]));
    this.b = (options.bias ?? true) ? this.parameter("bias", zeros([dim])) : undefined;
  }

  protected forward(x: Tensor): Tensor {
    if (!MIXED.exists && x.dtype !== this.w.dtype) return this.forward(x.to(this.w.dtype)).to(x.dtype);
    return run(LAYER_NORM, x.h, this.dims, this.w.h, this.b?.h ?? null, this.epsilon);
  }
}

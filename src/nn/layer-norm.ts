/** @file Layer normalisation. */

import { ones, operator, run, type Tensor, zeros } from "../tensor/index.ts";
import { Module } from "./module.ts";

const LAYER_NORM = operator("layer_norm");
/** Came with 2.0, as did weights that are wider than what they normalise, which autocast asks for. */
const SINCE_2_0 = operator("scaled_dot_product_attention");

/** LN(x) = (x − mean) / √(var + ε) · w + b over the last dimension, with the biased variance. */
export class LayerNorm extends Module {
  readonly w: Tensor;
  readonly b: Tensor;
  private readonly dims: readonly number[];

  constructor(
    dim: number,
    readonly epsilon = 1e-5,
  ) {
    super();
    this.dims = [dim];
    this.w = this.parameter("weight", ones([dim]));
    this.b = this.parameter("bias", zeros([dim]));
  }

  protected forward(x: Tensor): Tensor {
    const input = SINCE_2_0.exists ? x : x.to(this.w.dtype);
    return run(LAYER_NORM, input.h, this.dims, this.w.h, this.b.h, this.epsilon);
  }
}

/** @file Layer normalisation. */

import { ones, operator, run, type Tensor, zeros } from "../tensor/index.ts";
import { Module } from "./module.ts";

const LAYER_NORM = operator("layer_norm");

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
    return run(LAYER_NORM, x.h, this.dims, this.w.h, this.b.h, this.epsilon);
  }
}

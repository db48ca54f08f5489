/** @file Layer normalisation. */

import { ones, operator, run, runMany, type Tensor, zeros } from "../tensor/index.ts";
import { Module } from "./module.ts";

const LAYER_NORM = operator("layer_norm");
const ADD_LAYER_NORM = operator("vitrine::add_layer_norm");
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

  /** LN(x + r), on a GPU in one pass over memory; `seen` is shown the sum. */
  ofSum(x: Tensor, r: Tensor, seen: (sum: Tensor) => void): Tensor {
    if (x.device === "cpu" || this.b === undefined) {
      const sum = x.add(r);
      seen(sum);
      return this.apply(sum);
    }
    const both = runMany(ADD_LAYER_NORM, x.h, r.h, this.w.h, this.b.h, this.epsilon);
    seen(both[0]!);
    return this.probe("", both[1]!);
  }
}

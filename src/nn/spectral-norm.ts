/** @file Layers whose weight is divided by its largest singular value. */

import { noGrad, operator, type Random, run, type Tensor } from "../tensor/index.ts";
import { laidOut } from "./conv.ts";
import { linearUniform } from "./init.ts";
import { Module } from "./module.ts";
import { toSphere } from "./sphere.ts";

const CONV2D = operator("conv2d");

/**
 * A weight W as W / σ, σ = uᵀ W v, with u and v carried from call to call: in training mode every call first does one
 * step of power iteration, v ← Wᵀu / ‖Wᵀu‖, u ← W v / ‖W v‖. W is seen as a matrix [out, rest].
 *
 * Names are those of PyTorch's hook: `weight_orig` is learned, `weight_u` and `weight_v` are buffers.
 * @see Miyato et al. 2018, one power iteration per call
 */
abstract class SpectralNorm extends Module {
  readonly W: Tensor;
  readonly b: Tensor;
  readonly u: Tensor;
  readonly v: Tensor;

  constructor(shape: readonly number[], W: Tensor, b: Tensor, random: Random) {
    super();
    const [out, rest] = [shape[0]!, shape.slice(1).reduce((product, size) => product * size, 1)];
    this.b = this.parameter("bias", b);
    this.W = this.parameter("weight_orig", W);
    this.u = this.buffer("weight_u", toSphere(random.at("u").normal([out])));
    this.v = this.buffer("weight_v", toSphere(random.at("v").normal([rest])));
  }

  /** W / σ. */
  protected normalised(): Tensor {
    const matrix = this.W.flatten(1); //                                        [out, rest]
    if (this.training)
      noGrad(() => {
        this.v.copy_(toSphere(matrix.T.matmul(this.u)));
        this.u.copy_(toSphere(matrix.matmul(this.v)));
      });
    // copies: the next call changes u and v while gradients still need these
    const sigma = this.u.clone().matmul(matrix.matmul(this.v.clone())); //      []
    return this.W.div(sigma);
  }
}

/** A convolution k × k with stride 1 and bias under spectral normalisation. */
export class SpectralConv2d extends SpectralNorm {
  private readonly padding: readonly [number, number];

  /** @param gain of Xavier's uniform initialisation */
  constructor(inputs: number, outputs: number, kernel: number, random: Random, gain: number) {
    const shape = [outputs, inputs, kernel, kernel];
    const W = xavierUniform(shape, random.at("weight"), gain);
    super(shape, W, linearUniform([outputs], inputs * kernel * kernel, random.at("bias")), random);
    this.padding = [(kernel - 1) / 2, (kernel - 1) / 2];
  }

  protected forward(X: Tensor): Tensor {
    return run(CONV2D, laidOut(X).h, this.normalised().h, this.b.h, [1, 1], this.padding, [1, 1], 1);
  }
}

/** A linear layer under spectral normalisation, started as PyTorch starts linear layers. */
export class SpectralLinear extends SpectralNorm {
  constructor(inputs: number, outputs: number, random: Random) {
    const W = linearUniform([outputs, inputs], inputs, random.at("weight"));
    super([outputs, inputs], W, linearUniform([outputs], inputs, random.at("bias")), random);
  }

  protected forward(x: Tensor): Tensor {
    return x.linear(this.normalised(), this.b);
  }
}

/** U(±gain √(6 / (fan_in + fan_out))). As Glorot and Bengio 2010. */
export function xavierUniform(shape: readonly number[], random: Random, gain = 1): Tensor {
  const area = shape.slice(2).reduce((product, size) => product * size, 1);
  const bound = gain * Math.sqrt(6 / ((shape[0]! + shape[1]!) * area));
  return random.uniform(shape, -bound, bound);
}

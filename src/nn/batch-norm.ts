/** @file Batch normalisation, for vectors and for images. */

import { noGrad, ones, operator, run, type Tensor, UsageError, zeros } from "../tensor/index.ts";
import { Module } from "./module.ts";

const BATCH_NORM = operator("batch_norm");

export interface BatchNormOptions {
  epsilon?: number;
  /** Share of the new batch in the running statistics. */
  momentum?: number;
}

/**
 * BN(x) = (x − mean) / √(var + ε) · w + b per channel: x [n, c] or [n, c, H, W].
 *
 * In training mode mean and (biased) variance are the batch's, and the running ones move towards the batch's mean and
 * unbiased variance; in evaluation mode they are the running ones.
 *
 * @throws {UsageError} training mode and only one value per channel, which has no variance
 */
export class BatchNorm extends Module {
  readonly w: Tensor;
  readonly b: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly batches: Tensor;

  constructor(
    channels: number,
    readonly options: BatchNormOptions = {},
  ) {
    super();
    this.w = this.parameter("weight", ones([channels]));
    this.b = this.parameter("bias", zeros([channels]));
    this.mean = this.buffer("running_mean", zeros([channels]));
    this.variance = this.buffer("running_var", ones([channels]));
    this.batches = this.buffer("num_batches_tracked", zeros([], { dtype: "int64" }));
  }

  protected forward(x: Tensor): Tensor {
    const { epsilon = 1e-5, momentum = 0.1 } = this.options;
    const { w, b, mean, variance, training } = this;
    if (training) {
      if (x.numel <= w.numel)
        throw new UsageError(
          `batch norm: expected more than one value per channel in training mode, got ${x.describe()}; use larger batches or eval()`,
        );
      noGrad(() => this.batches.add_(1));
    }
    return run(BATCH_NORM, x.h, w.h, b.h, mean.h, variance.h, training, momentum, epsilon, true);
  }
}

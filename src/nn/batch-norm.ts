/** @file Batch normalisation, for vectors and for images. */

import {
  cat,
  type Group,
  noGrad,
  ones,
  operator,
  run,
  scope,
  shared,
  type Tensor,
  tensor,
  UsageError,
  zeros,
} from "../tensor/index.ts";
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
  /** Processes that hold other samples of a batch: its statistics are those of all. Set by `synchronise`. */
  across: Group | undefined;

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
    if (training && this.across !== undefined) return this.ofAll(x, this.across);
    if (training) {
      if (x.numel <= w.numel)
        throw new UsageError(
          `batch norm: expected more than one value per channel in training mode, got ${x.describe()}; use larger batches or eval()`,
        );
      noGrad(() => this.batches.add_(1));
    }
    return run(BATCH_NORM, x.h, w.h, b.h, mean.h, variance.h, training, momentum, epsilon, true);
  }

  /**
   * In training mode with samples of the same batch on other ranks. Each gives its mean, Σ (x − mean)² and count, 2c + 1
   * numbers; back come, as the gradients of mean and variance, 2c sums over ranks.
   */
  private ofAll(x: Tensor, group: Group): Tensor {
    const { epsilon = 1e-5, momentum = 0.1 } = this.options;
    const c = this.w.numel;
    const dims = x.dim === 4 ? [0, 2, 3] : [0];
    const flat = (row: Tensor): Tensor => (x.dim === 4 ? row.reshape([1, c, 1, 1]) : row);
    const own = x.numel / c;
    const { mean, variance, n } = noGrad(() => scope(() => statistics(x.detach(), dims, own, group)));
    if (n < 2)
      throw new UsageError(
        "batch norm: expected more than one value per channel in training mode, of all processes together; use larger batches or eval()",
      );
    noGrad(() =>
      scope(() => {
        this.batches.add_(1);
        const move = (to: Tensor, value: Tensor) => to.mul_(1 - momentum).add_(value.mul(momentum));
        move(this.mean, mean);
        move(this.variance, variance.mul(n / (n - 1)));
      }),
    );
    const centred = x.sub(flat(mean));
    const sums = cat([centred.sum(dims), centred.square().sum(dims)]); //        [2c]
    const moves = shared(sums.sub(sums.detach()), group).div(n); //             0, with the gradients of mean and variance
    const spread = variance
      .add(moves.narrow(0, c, c))
      .add(epsilon)
      .rsqrt();
    return centred
      .sub(flat(moves.narrow(0, 0, c)))
      .mul(flat(spread.mul(this.w)))
      .add(flat(this.b));
  }
}

/** Mean and biased variance per channel of the samples on all ranks, and their number. */
function statistics(x: Tensor, dims: readonly number[], own: number, group: Group) {
  const mean = own === 0 ? x.sum(dims) : x.mean(dims); //                       [c]
  const c = mean.numel;
  const apart = x
    .sub(x.dim === 4 ? mean.reshape([1, c, 1, 1]) : mean)
    .square()
    .sum(dims);
  const all = group.allGather(cat([mean, apart, tensor([own], { dtype: x.dtype, device: x.device })])); // [P, 2c + 1]
  const counts = all.narrow(1, 2 * c, 1); //                                    [P, 1]
  const n = counts.sum().item();
  const means = all.narrow(1, 0, c);
  const total = means.mul(counts).sum([0]).div(n);
  const between = means.sub(total).square().mul(counts).sum([0]);
  const variance = all.narrow(1, c, c).sum([0]).add(between).div(n);
  return { mean: total, variance, n };
}

/** Makes the batch norms of a module those of the samples on all ranks; with `undefined` those of its own again. */
export function synchronise(module: Module, group: Group | undefined): void {
  if (module instanceof BatchNorm) module.across = group;
  for (const { module: child } of module.children) synchronise(child, group);
}

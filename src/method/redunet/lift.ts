/** @file Lifting: a fixed random convolution that makes channels, and commutes with cyclic shifts. */

import { aten, cat, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** The distribution of kernels; the authors' default is N(0, 1). */
export type LiftStart = "normal(0.1)" | "normal(1)" | "normal(5)" | "uniform(0.1)" | "uniform(0.5)";

export interface LiftOptions {
  channels: number;
  /** k */
  kernel: number;
  start?: LiftStart;
}

/** A random kernel [out, in, k] or [out, in, k, k]; `dims` is 1 or 2. */
export function liftKernel(inputs: number, dims: 1 | 2, options: LiftOptions, random: Random): Tensor {
  const { channels, kernel, start = "normal(1)" } = options;
  const shape = [channels, inputs, ...new Array<number>(dims).fill(kernel)];
  const size = Number(/\(([\d.]+)\)/.exec(start)![1]);
  return scope(() =>
    start.startsWith("normal") ? random.normal(shape).mul(size) : random.uniform(shape, -size, size),
  );
}

/**
 * Lift(X) = ReLU(X ⋆ kernel) with the sample continued cyclically to the right and below, stride 1.
 *
 * @param X [n, in, T] or [n, in, H, W]
 * @param kernel [out, in, k] or [out, in, k, k]
 * @throws {UsageError} a kernel longer than the sample, other channels
 */
export function lift(X: Tensor, kernel: Tensor): Tensor {
  const k = kernel.size(-1);
  const grid = X.shape.slice(2);
  if (X.dim !== kernel.dim || X.size(1) !== kernel.size(1) || grid.some((size) => size < k))
    throw new UsageError(
      `lift: expected samples [n, ${kernel.size(1)}, …] of at least ${k} per dimension for a kernel ${kernel.describe()}, got ${X.describe()}`,
    );
  return scope(() => {
    let continued = X;
    for (let dim = 2; dim < X.dim; dim++) continued = cat([continued, continued.narrow(dim, 0, k - 1)], dim);
    const operator = X.dim === 3 ? "conv1d" : "conv2d";
    return aten(operator, continued, kernel.to(X.dtype), null).relu();
  }, "lift");
}

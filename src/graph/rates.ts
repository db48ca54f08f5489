/** @file Rates and sparsity of a graph's values: what `vitrine inspect` measures by libtorch, in plain JavaScript. */

import { DataError } from "../base/errors.ts";
import type { Graph } from "./graph.ts";
import { describe, sizeOf, type Value } from "./value.ts";

/** WWᵀ [n, n], the lower half. */
function gramOfRows(W: Float64Array, n: number, p: number): Float64Array {
  const G = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < p; k++) sum += W[i * p + k]! * W[j * p + k]!;
      G[i * n + j] = sum;
    }
  return G;
}

/** WᵀW [p, p], the lower half, row by row of W. */
function gramOfColumns(W: Float64Array, n: number, p: number): Float64Array {
  const G = new Float64Array(p * p);
  for (let row = 0; row < n * p; row += p)
    for (let i = 0; i < p; i++) {
      const w = W[row + i]!;
      for (let j = 0; j <= i; j++) G[i * p + j]! += w * W[row + j]!;
    }
  return G;
}

/** ½ log det(I + α WᵀW) of n rows of p numbers, in nats, by Cholesky of the smaller side. */
function halfLogDet(W: Float64Array, n: number, p: number, alpha: number): number {
  const [size, G] = n < p ? [n, gramOfRows(W, n, p)] : [p, gramOfColumns(W, n, p)];
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) G[i * size + j] = alpha * G[i * size + j]! + (i === j ? 1 : 0);
  let half = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = G[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= G[i * size + k]! * G[j * size + k]!;
      G[i * size + j] = i === j ? Math.sqrt(sum) : sum / G[j * size + j]!;
      if (i === j) half += Math.log(G[i * size + i]!);
    }
  return half;
}

/** Of each sample the sum over its matrices [n, p]: [b, …, n, p] → b numbers. */
function perSample(
  value: Value,
  rank: number,
  rate: (W: Float64Array, n: number, p: number) => number,
): number[] {
  if (value.dims.length !== rank)
    throw new DataError(`rate: expected an array of ${rank} axes, got ${describe(value)}`);
  const [b = 0, ...rest] = value.dims;
  const [n, p] = rest.slice(-2) as [number, number];
  const each = sizeOf(rest);
  return Array.from({ length: b }, (_, sample) => {
    let sum = 0;
    for (let at = sample * each; at < (sample + 1) * each; at += n * p)
      sum += rate(Float64Array.from(value.data.subarray(at, at + n * p)), n, p);
    return sum;
  });
}

/**
 * Rᶜ as the authors' code measures it: each token of each head scaled to unit length, ε not squared,
 *
 *     ½ Σₖ log det(I + p/(n ε) ŴₖᵀŴₖ)
 *
 * @param W `block.ℓ.mssa.projection`, [b, K, n, p]
 * @returns nats, one number for each sample
 */
export const authorsRate = (W: Value, epsilon: number): number[] =>
  perSample(W, 4, (rows, n, p) => {
    for (let i = 0; i < n; i++) {
      let squares = 0;
      for (let j = 0; j < p; j++) squares += rows[i * p + j]! ** 2;
      const length = Math.sqrt(squares);
      for (let j = 0; j < p; j++) rows[i * p + j]! /= length;
    }
    return halfLogDet(rows, n, p, p / (n * epsilon));
  });

/** Rᶜ of tokens that are projected already: Σₖ ½ log det(I + p/(n ε²) WₖᵀWₖ), [b, K, n, p] → nats for each sample. */
const rateOfProjections = (W: Value, epsilon: number): number[] =>
  perSample(W, 4, (rows, n, p) => halfLogDet(rows, n, p, p / (n * epsilon ** 2)));

/**
 * Rᶜ as the paper defines it, of tokens against K subspaces.
 * @param Z `block.ℓ.half`, [b, n, d]
 * @param U `subspacesOf(graph, "block.ℓ")`
 */
export function paperRate(Z: Value, U: Subspaces, epsilon: number): number[] {
  const [b = 0, n = 0, d = 0] = Z.dims;
  const { heads: K, width: p, data } = U;
  if (data.length !== d * K * p)
    throw new DataError(`rate: expected subspaces of ${d} dimensions for ${describe(Z)}`);
  const W = new Float32Array(b * K * n * p);
  for (let row = 0; row < b * n; row++)
    for (let k = 0; k < K; k++)
      for (let j = 0; j < p; j++) {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += Z.data[row * d + i]! * data[i * K * p + k * p + j]!;
        W[((Math.floor(row / n) * K + k) * n + (row % n)) * p + j] = sum;
      }
  return rateOfProjections({ type: "float32", dims: [b, K, n, p], data: W }, epsilon);
}

/** R(Z) = ½ log det(I + d/(n ε²) ZᵀZ), [b, n, d] → nats for each sample. */
export const tokenRate = (Z: Value, epsilon: number): number[] =>
  perSample(Z, 3, (rows, n, d) => halfLogDet(rows, n, d, d / (n * epsilon ** 2)));

/** Share of entries that are not exactly zero, [b, …] → one number for each sample. */
export function nonZero(Z: Value): number[] {
  const [b = 0, ...rest] = Z.dims;
  const each = sizeOf(rest);
  return Array.from({ length: b }, (_, sample) => {
    let count = 0;
    for (let i = sample * each; i < (sample + 1) * each; i++) if (Z.data[i] !== 0) count++;
    return count / each;
  });
}

/** Bases of the subspaces of a layer side by side, [d, K p]. */
export interface Subspaces {
  heads: number;
  /** p */
  width: number;
  data: ArrayLike<number>;
}

/** U of the layer at a path, as MSSA multiplies tokens with it; nothing where the layer has none. */
export function subspacesOf({ nodes, constants, outputs }: Graph, layer: string): Subspaces | undefined {
  const projection = outputs.find(({ name }) => name.startsWith(`${layer}.`) && name.endsWith(".projection"));
  if (projection === undefined) return undefined;
  const mixer = projection.name.slice(0, -".projection".length);
  const product = nodes.find(({ name }) => name === `${mixer}/MatMul`);
  const U = constants.get(product?.inputs[1] ?? "");
  const [, heads, , width] = projection.dims;
  if (U === undefined || typeof heads !== "number" || typeof width !== "number") return undefined;
  return { heads, width, data: U.data };
}

/** @file Rates in the operators that the field writes them in, to compare ours with. */

import { expect } from "vitest";
import { aten, eye, random, type Tensor } from "../src/tensor/index.ts";

/** Normal numbers in float64. */
export const normal = (name: string, shape: readonly number[]): Tensor =>
  random(1).at(name).normal(shape, { dtype: "float64" });

/** The tensor as a leaf that gradients are asked for. */
export const parameter = (x: Tensor): Tensor => x.setRequiresGrad();

/** ½ log det(I + α WᵀW). */
export const byLogdet = (W: Tensor, alpha: number): Tensor =>
  aten(
    "logdet",
    W.T.matmul(W)
      .mul(alpha)
      .add(eye(W.size(-1), { dtype: W.dtype })),
  ).mul(0.5);

/** ½ log det(I + α WᵀW) and its gradient α W (I + α WᵀW)⁻¹ from the singular values of W [n, d], in float64. */
export function bySingularValues(W: Tensor, alpha: number): { rate: number; gradient: Tensor } {
  const [U, sigma, Vt] = aten<[Tensor, Tensor, Tensor]>("linalg_svd", W.to("float64"), false);
  const squares = sigma.square().mul(alpha);
  const slopes = sigma.mul(alpha).div(squares.add(1));
  return { rate: squares.log1p().sum().item() / 2, gradient: U.mul(slopes).matmul(Vt) };
}

/** Orthonormal columns, [d, p]. */
export const rotation = (name: string, d: number, p = d): Tensor =>
  aten<[Tensor, Tensor]>("linalg_qr", normal(name, [d, p]))[0];

/** Equal up to the rounding of sums of logarithms in float64. */
export const close = (ours: number, plain: number, tolerance = 1e-10): void =>
  expect(Math.abs(ours - plain)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(plain)));

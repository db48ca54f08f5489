/** @file Tolerances, once per dtype; a failure says how far and where. */

import { expect } from "vitest";
import { type Nested, scope, Tensor, tensor } from "../src/tensor/index.ts";

/** Relative to the largest entry of what is expected. */
const TOLERANCE: Record<string, number> = { float64: 1e-10, float32: 1e-5, bfloat16: 2e-2, float16: 2e-3 };

/** Ours is as expected, in shape and in every entry, up to the rounding of its dtype. */
export function expectClose(
  ours: Tensor,
  expected: Tensor | Nested,
  tolerance = TOLERANCE[ours.dtype]!,
): void {
  scope(() => {
    const theirs = (expected instanceof Tensor ? expected : tensor(expected, { dtype: "float64" }))
      .detach()
      .to("float64");
    expect(ours.shape).toEqual(theirs.shape);
    const difference = ours.detach().to("float64").sub(theirs).abs().flatten();
    const size = Math.max(theirs.abs().max().item(), 1e-300);
    const worst = difference.max().item();
    const where = Number.isNaN(worst) ? -1 : difference.argmax().item();
    const mean = difference.mean().item();
    expect(
      worst / size,
      `largest difference ${worst} (mean ${mean}) at entry ${where} of ${ours.describe()}`,
    ).toBeLessThanOrEqual(tolerance);
  });
}

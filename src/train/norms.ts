/** @file Norms of gradients: of several together, and clipped. */

import { noGrad, scope, stack, type Tensor } from "../tensor/index.ts";
import type { TensorList } from "./foreach.ts";
import type { Reading } from "./readings.ts";

/** √(Σ n²), read or not. */
export function together(norms: readonly Reading[]): Reading {
  const [first, ...others] = norms as readonly [Reading, ...Reading[]];
  if (others.length === 0) return first;
  if (typeof first === "number")
    return Math.sqrt((norms as number[]).reduce((sum, norm) => sum + norm * norm, 0));
  return noGrad(() =>
    scope(() =>
      stack(norms as Tensor[])
        .to("float64")
        .square()
        .sum()
        .sqrt(),
    ),
  );
}

/**
 * g ← g · min(1, most / (norm + 1e-6)), the factor on the device.
 * @param how whether `norm` is that of all together, or each has its own
 */
export function clip_(list: TensorList, norm: Tensor, most: number, how: "together" | "each"): void {
  const factor = (norms: Tensor) => norms.add(1e-6).reciprocal().mul(most).clamp(null, 1);
  const clip = () => {
    if (how === "each") list.mulEach_(factor(list.norms()).unbind(0));
    else {
      const one = factor(norm);
      list.mulEach_(list.tensors.map(() => one));
    }
  };
  noGrad(() => scope(clip, "clip"));
}

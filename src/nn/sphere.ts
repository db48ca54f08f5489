/** @file The unit sphere, where features of rate reduction live. */

import type { Tensor } from "../tensor/index.ts";

/** z / max(‖z‖, 1e-12) for every row z of Z [..., d]; half precision is widened first. */
export function toSphere(Z: Tensor): Tensor {
  const wide = Z.dtype === "bfloat16" || Z.dtype === "float16" ? Z.to("float32") : Z;
  return wide.div(wide.norm(-1, true).clamp(1e-12));
}

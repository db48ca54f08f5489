/** @file The unit sphere, where features of rate reduction live. */

import type { Tensor } from "../tensor/index.ts";

/** z / max(‖z‖, 1e-12) for every row z of Z [..., d]. */
export const toSphere = (Z: Tensor): Tensor => Z.div(Z.norm(-1, true).clamp(1e-12));

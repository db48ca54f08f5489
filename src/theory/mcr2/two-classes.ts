/** @file The smallest landscape of ΔR: K classes of equal size, many runs at once, with the gradient in closed form. */

import type { Tensor } from "../../tensor/index.ts";
import { rateByFeatures, rateGradient } from "../closed-forms.ts";

/** Features of one size. */
export interface Landscape {
  /** Classes, of as many samples each. */
  classes: number;
  /** ε² */
  epsSq: number;
}

/** Z [B, n, d] as its classes: [B, K, n/K, d] */
export const byClass = (Z: Tensor, classes: number): Tensor =>
  Z.reshape([Z.size(0), classes, Z.size(1) / classes, Z.size(2)]);

const alphaOf = (Z: Tensor, epsSq: number): number => Z.size(-1) / (Z.size(-2) * epsSq);

/** ΔR of each of B sets of features, class after class: [B, n, d] → [B] */
export function reductions(Z: Tensor, { classes, epsSq }: Landscape): Tensor {
  const parts = byClass(Z, classes);
  return rateByFeatures(Z, alphaOf(Z, epsSq)).sub(rateByFeatures(parts, alphaOf(parts, epsSq)).mean(1));
}

/** ∇ΔR = E Z − Σ γⱼ Cʲ Zⱼ: [B, n, d] */
export function reductionGradient(Z: Tensor, { classes, epsSq }: Landscape): Tensor {
  const parts = byClass(Z, classes);
  const compression = rateGradient(parts, alphaOf(parts, epsSq)).div(classes);
  return rateGradient(Z, alphaOf(Z, epsSq)).sub(compression.reshape(Z.shape));
}

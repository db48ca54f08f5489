/** @file Maximal coding rate reduction from integer labels: the objective that encoders are trained by. */

import { type Tensor, tensor, UsageError } from "../tensor/index.ts";
import { codingRate, halfLogDet, type RateOptions } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";
import { partsOf, unionRates } from "./parts.ts";
import { type Segments, segments } from "./segments.ts";

/** ε of MCR² and CTRL: the authors' `eps` 0.5 is ε². */
export const MCR2_EPSILON = Math.sqrt(0.5);

export interface Mcr2Options extends RateOptions {
  /** γ₁, inside the log-determinant of the rate of all features. */
  gamma1?: number;
  /** γ₂, outside of it. */
  gamma2?: number;
}

/** The loss and its parts, nats. */
export interface Mcr2Loss {
  /** −γ₂ R_γ₁(Z) + Rᶜ(Z), to be minimised: [] */
  loss: Tensor;
  /** R_γ₁(Z), with γ₁ inside: [] */
  expansion: Tensor;
  /** Rᶜ(Z): [] */
  compression: Tensor;
  /** R(Z), as with γ₁ = 1; carries no gradient where γ₁ is not 1: [] */
  rate: Tensor;
}

/**
 * The rate of features given their classes:
 *
 *     Rᶜ(Z) = Σₖ nₖ/(2n) log det(I + d/(nₖ ε²) ZₖᵀZₖ)
 *
 * A class without samples contributes 0.
 *
 * @param Z features, [n, d]
 * @param classes labels int64 [n] sorted by `segments`
 * @returns [], nats
 */
export function rateAgainstClasses(Z: Tensor, classes: Segments, options: RateOptions): Tensor {
  const d = Z.size(-1);
  const { counts, total } = classes;
  const { epsilon } = options;
  const scales = counts.map((count) => (count > 0 ? Math.sqrt(d / count) / epsilon : 0)); //   √αₖ
  return withDigits([Z], (Z) => {
    const place = { dtype: Z.dtype, device: Z.device };
    const scaled = classes.pad(Z).mul(tensor(scales, place).reshape([-1, 1, 1])); //  [K, m, d]
    const rates = halfLogDet(scaled, 1); //                                     [K]
    const shares = tensor(
      counts.map((count) => count / total),
      place,
    );
    return rates.mul(shares).sum();
  });
}

/**
 * R(Z) and Rᶜ(Z). A few large classes share their Grams with the whole; of many small ones, ZₖZₖᵀ is smaller than d × d.
 */
function ratesOf(Z: Tensor, labels: Tensor, classes: number, options: RateOptions) {
  const [n, d] = Z.shape as [number, number];
  if (classes * d > 2 * n) {
    const compression = rateAgainstClasses(Z, segments(labels, classes), options);
    return { whole: codingRate(Z, options), compression };
  }
  const parts = partsOf(labels, classes);
  const each = parts.counts.map((_, k) => [k]);
  const rates = unionRates(Z, parts, [each.flat(), ...each], options); //       [1 + K]
  const place = { dtype: rates.dtype, device: Z.device };
  const shares = tensor(
    parts.counts.map((count) => count / n),
    place,
  );
  return { whole: rates.select(0, 0), compression: rates.narrow(0, 1, classes).mul(shares).sum() };
}

/**
 * The loss of maximal coding rate reduction,
 *
 *     −γ₂ · ½ log det(I + γ₁ d/(n ε²) ZᵀZ) + Rᶜ(Z),
 *
 * which is −ΔR for γ₁ = γ₂ = 1. Features are expected on the unit sphere.
 *
 * @param Z features, [n, d], n > 0
 * @param labels int64 [n], 0 ≤ label < classes; classes may be absent, they contribute 0
 * @throws {UsageError} counts of features and labels that differ, a label outside its range, γ ≤ 0
 * @see Yu et al. 2020, the objective that is trained, with the authors' γ₁ and γ₂
 * @example const { loss } = mcr2Loss(Z, labels, 10, { epsilon: MCR2_EPSILON }); gradients(loss, parameters);
 */
export function mcr2Loss(
  Z: Tensor,
  labels: Tensor,
  classes: number,
  { epsilon, gamma1 = 1, gamma2 = 1 }: Mcr2Options,
): Mcr2Loss {
  if (Z.dim !== 2 || labels.numel !== Z.size(0) || labels.numel === 0)
    throw new UsageError(
      `mcr²: expected features [n, d] and n labels, got ${Z.describe()} and ${labels.numel} labels`,
    );
  for (const [name, value] of Object.entries({ gamma1, gamma2 }))
    if (!(value > 0 && Number.isFinite(value)))
      throw new UsageError(`mcr²: expected ${name} > 0, got ${value}`);
  return withDigits([Z], (Z) => {
    const { whole, compression } = ratesOf(Z, labels, classes, { epsilon });
    const inside = { epsilon: epsilon / Math.sqrt(gamma1) }; //             γ₁/ε² = 1/(ε/√γ₁)²
    const expansion = gamma1 === 1 ? whole : codingRate(Z, inside);
    const loss = compression.sub(gamma2 === 1 ? expansion : expansion.mul(gamma2));
    const rate = gamma1 === 1 ? expansion : whole.detach();
    return { loss, expansion, compression, rate };
  });
}

/** @file Maximal coding rate reduction from integer labels: the objective that encoders are trained by. */

import { type Group, gatherRows, operator, run, type Tensor, tensor, UsageError } from "../tensor/index.ts";
import { halfLogDet, type RateOptions, requireAlone, rowsOf, squared, withRows } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";
import { partsOf, weightedRates } from "./parts.ts";
import type { Segments } from "./segments.ts";

const MCR2 = operator("vitrine::mcr2");

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
  requireAlone(options, "rate against classes");
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
export function mcr2Loss(Z: Tensor, labels: Tensor, classes: number, options: Mcr2Options): Mcr2Loss {
  const { across, gamma1 = 1, gamma2 = 1 } = options;
  if (Z.dim !== 2 || labels.numel !== Z.size(0) || labels.numel === 0)
    throw new UsageError(
      `mcr²: expected features [n, d] and n labels, got ${Z.describe()} and ${labels.numel} labels`,
    );
  for (const [name, value] of Object.entries({ gamma1, gamma2 }))
    if (!(value > 0 && Number.isFinite(value)))
      throw new UsageError(`mcr²: expected ${name} > 0, got ${value}`);
  const epsSq = squared(options);
  const alone = (Z: Tensor, labels: Tensor) => run(MCR2, Z.h, labels.h, classes, epsSq, gamma1, gamma2);
  return withDigits([Z], (Z) => {
    const found =
      across === undefined ? alone(Z, labels) : ofAll(Z, labels, classes, across, { ...options, alone });
    const [loss, expansion, compression, rate] = found.unbind() as [Tensor, Tensor, Tensor, Tensor];
    return { loss, expansion, compression, rate: gamma1 === 1 ? rate : rate.detach() };
  });
}

/**
 * Rᶜ − γ₂ R_γ₁, R_γ₁, Rᶜ, R of rows on several ranks: from the Grams of K classes, or from all rows where those are fewer
 * numbers.
 */
function ofAll(
  Z: Tensor,
  labels: Tensor,
  K: number,
  group: Group,
  options: Mcr2Options & { alone: (Z: Tensor, labels: Tensor) => Tensor },
): Tensor {
  const given = withRows(options, Z.size(0));
  const [n, d] = [rowsOf(given, Z.size(0)), Z.size(1)];
  const { gamma1 = 1, gamma2 = 1 } = options;
  if (K * d > 2 * n)
    return options.alone(
      gatherRows(Z, group, given.rows),
      gatherRows(labels.reshape([-1]), group, given.rows),
    );
  const parts = partsOf(labels, K, 1, group);
  const alpha = d / (n * squared(options));
  const A = new Float64Array((K + 2) * K); // rows: R_γ₁, R, classes
  const C = new Float64Array(4 * (K + 2));
  for (const [k, count] of parts.counts.entries()) {
    A[k] = gamma1 * alpha;
    A[K + k] = alpha;
    A[(k + 2) * K + k] = (alpha * n) / Math.max(count, 1);
    C[k + 2] = C[2 * (K + 2) + k + 2] = count / n;
  }
  C[0] = -gamma2;
  C[K + 2] = 1;
  C[3 * (K + 2) + 1] = 1;
  const rates = weightedRates(Z, parts, tensor(A, { shape: [K + 2, K], device: Z.device }), given); // [K + 2]
  return tensor(C, { shape: [4, K + 2], dtype: rates.dtype, device: Z.device }).matmul(rates);
}

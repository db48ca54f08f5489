/** @file Numbers of the Beta distribution, for mixup, from a named stream. */
import { UsageError } from "../../base/errors.ts";
import type { Random } from "../../tensor/index.ts";

/** One number in [0, 1] of Beta(α, α). @throws UsageError unless α > 0 */
export function beta(alpha: number, random: Random): number {
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw new UsageError(`mixup: alpha is ${alpha}, expected more than 0`);
  const [a, b] = [gamma(alpha, random), gamma(alpha, random)];
  // both round to 0 for very small α, where the distribution is a coin
  return a + b > 0 ? a / (a + b) : random.number() < 0.5 ? 0 : 1;
}

/** One number of Gamma(α, 1): Marsaglia and Tsang 2000, with their boost for α < 1. */
function gamma(alpha: number, random: Random): number {
  if (alpha < 1) return gamma(alpha + 1, random) * (1 - random.number()) ** (1 / alpha);
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.number()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** One standard normal number: Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.number())) * Math.cos(2 * Math.PI * random.number());
}

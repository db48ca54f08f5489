/** @file How many nats a segmentation of features takes, labels included: what the number of clusters is chosen by. */

import { type Tensor, tensor, UsageError } from "../tensor/index.ts";
import { type RateOptions, requireAlone } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";
import { partsOf, unionRates } from "./parts.ts";

/**
 * The coding length of features in segments, of nₖ samples each:
 *
 *     L = Σₖ (nₖ + d) ½ log det(I + d/(nₖ ε²) ZₖᵀZₖ) + nₖ log(n/nₖ)
 *
 * A segment without samples contributes 0.
 *
 * @param Z features, [n, d]
 * @param assigned segment of each sample, int64 [n], 0 ≤ segment < segments
 * @returns [], nats
 * @throws {UsageError} other segments than features, or one out of range
 * @see Chu et al. 2024, the coding length that clusters are counted by
 */
export function codingLength(Z: Tensor, assigned: Tensor, segments: number, options: RateOptions): Tensor {
  requireAlone(options, "coding length");
  const { epsilon } = options;
  if (Z.dim !== 2 || assigned.dim !== 1 || assigned.size(0) !== Z.size(0))
    throw new UsageError(
      `coding length: expected features [n, d] and a segment for each, got ${Z.describe()} and ${assigned.describe()}`,
    );
  return withDigits([Z], (Z) => {
    const [n, d] = Z.shape as [number, number];
    const parts = partsOf(assigned, segments);
    const rates = unionRates(
      Z,
      parts,
      parts.counts.map((_, k) => [k]),
      { epsilon },
    ); //                                                                       [segments]
    const weights = parts.counts.map((count) => count + d);
    const labels = parts.counts.reduce(
      (sum, count) => sum + (count > 0 ? count * Math.log(n / count) : 0),
      0,
    );
    return rates
      .mul(tensor(weights, { dtype: rates.dtype, device: Z.device }))
      .sum()
      .add(labels);
  });
}

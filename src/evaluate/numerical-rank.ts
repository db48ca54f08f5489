/** @file How many directions features take up. */

import { aten, type Group, noGrad, scope, sumGrams, type Tensor } from "../tensor/index.ts";

/** The fewest leading energies (squared singular values, falling) that hold more than a share of their sum; 0 of none. */
export function rankOfEnergies(energies: readonly number[], held = 0.95): number {
  const total = energies.reduce((sum, energy) => sum + energy, 0);
  let sum = 0;
  return (
    energies.findIndex((energy) => {
      sum += energy;
      return sum > held * total;
    }) + 1
  );
}

/**
 * The fewest singular values whose squares have more than `held` of the sum: Z [n, d] → 1 to min(n, d), 0 of zeros.
 * @param across processes that have other rows: of those of all, by d(d + 1)/2 numbers
 */
export const numericalRank = (Z: Tensor, held = 0.95, across?: Group): number =>
  noGrad(() =>
    scope(() => {
      const wide = Z.to("float64");
      const smaller = across === undefined && Z.size(0) < Z.size(1);
      const own = smaller ? wide.matmul(wide.T) : wide.T.matmul(wide);
      const G = across === undefined ? own : sumGrams(own.unsqueeze(0), across).squeeze(0);
      return rankOfEnergies(aten<Tensor>("linalg_eigvalsh", G).flip([0]).clamp(0).numbers(), held);
    }, "numericalRank"),
  );

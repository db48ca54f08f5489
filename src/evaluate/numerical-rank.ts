/** @file How many directions features take up. */

import { aten, noGrad, scope, type Tensor } from "../tensor/index.ts";

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

/** The fewest singular values whose squares have more than `held` of the sum: Z [n, d] → 1 to min(n, d), 0 of zeros. */
export const numericalRank = (Z: Tensor, held = 0.95): number =>
  noGrad(() =>
    scope(() => {
      const wide = Z.to("float64");
      const G = Z.size(0) < Z.size(1) ? wide.matmul(wide.T) : wide.T.matmul(wide);
      return rankOfEnergies(aten<Tensor>("linalg_eigvalsh", G).flip([0]).clamp(0).numbers(), held);
    }, "numericalRank"),
  );

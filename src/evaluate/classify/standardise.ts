/** @file Features with mean 0 and deviation 1: batch normalisation without weights, with the statistics of a whole set. */

import { cat, type Group, noGrad, ones, scope, type Tensor } from "../../tensor/index.ts";

export interface Statistics {
  mean: Tensor; //                                                              [d]
  deviation: Tensor; //                                                         [d]
}

/**
 * Of features [n, d], biased; as BatchNorm keeps them, ε = 1e-6 under the root.
 * @param across processes that have other features: of those of all, 2d + 1 numbers
 */
export function statisticsOf(Z: Tensor, across?: Group): Statistics {
  return noGrad(() =>
    scope(() => {
      if (across === undefined) return { mean: Z.mean(0), deviation: Z.var(0, 0).add(1e-6).sqrt() };
      const wide = Z.to("float64");
      const rows = ones([1], { dtype: "float64", device: Z.device }).mul(Z.size(0));
      const sums = across.allReduce(cat([wide.sum([0]), rows])); //             [d + 1]
      const n = sums.narrow(0, Z.size(1), 1);
      const mean = sums.narrow(0, 0, Z.size(1)).div(n);
      const variance = across.allReduce(wide.sub(mean).square().sum([0])).div(n);
      return { mean: mean.to(Z.dtype), deviation: variance.add(1e-6).sqrt().to(Z.dtype) };
    }, "statistics"),
  );
}

export const standardised = (Z: Tensor, { mean, deviation }: Statistics): Tensor =>
  Z.sub(mean).div(deviation);

/** @file Features with mean 0 and deviation 1: batch normalisation without weights, with the statistics of a whole set. */

import { noGrad, scope, type Tensor } from "../../tensor/index.ts";

export interface Statistics {
  mean: Tensor; //                                                              [d]
  deviation: Tensor; //                                                         [d]
}

/** Of features [n, d], biased; as BatchNorm keeps them, ε = 1e-6 under the root. */
export function statisticsOf(Z: Tensor): Statistics {
  return noGrad(() =>
    scope(() => ({ mean: Z.mean(0), deviation: Z.var(0, 0).add(1e-6).sqrt() }), "statistics"),
  );
}

export const standardised = (Z: Tensor, { mean, deviation }: Statistics): Tensor =>
  Z.sub(mean).div(deviation);

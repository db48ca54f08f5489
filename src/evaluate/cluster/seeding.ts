/** @file First centres of k-means: greedy k-means++ (Arthur and Vassilvitskii 2007), all restarts at once. */

import { arange, aten, type Random, scope, stack, type Tensor } from "../../tensor/index.ts";

/**
 * Centres drawn among the points, each with a probability proportional to the squared distance from those before it; of
 * 2 + ⌊ln K⌋ candidates the one that lowers the sum of these distances most is kept.
 *
 * @param X points [n, d]
 * @param squares ‖x‖², [n]
 * @returns [restarts, K, d]
 */
export function seedCentres(
  X: Tensor,
  squares: Tensor,
  clusters: number,
  restarts: number,
  random: Random,
): Tensor {
  return scope(() => {
    const n = X.size(0);
    const { device } = X;
    const candidates = 2 + Math.floor(Math.log(clusters));
    const rows = arange(restarts, { device });
    let chosen = random.at("first").integers([restarts], 0, n, { device }); //   [R]
    let nearest = distances(X, squares, chosen); //                              [R, n]
    const centres = [X.indexSelect(0, chosen)];
    for (let k = 1; k < clusters; k++) {
      const before = nearest;
      [chosen, nearest] = scope(() => {
        const size = [restarts, candidates];
        const draws = random.at(`centre.${k}`).uniform(size, 0, 1, { dtype: "float64", device });
        const drawn = sample(before, draws); //                                  [R, T]
        const all = distances(X, squares, drawn.reshape([-1]))
          .reshape([...size, n])
          .minimum(before.unsqueeze(1)); //                                      [R, T, n]
        const best = [rows, all.sum([2]).argmin(1)];
        return [drawn.index(best), all.index(best)] as const;
      }, "next centre");
      before.dispose();
      centres.push(X.indexSelect(0, chosen));
    }
    return stack(centres, 1);
  }, "seeding");
}

/** Squared distances from the points of those numbers [m] to all points: [m, n]. */
function distances(X: Tensor, squares: Tensor, numbers: Tensor): Tensor {
  return scope(() => {
    const products = X.indexSelect(0, numbers).matmul(X.T);
    const lengths = squares.indexSelect(0, numbers).unsqueeze(1);
    return products.mul_(-2).add_(lengths).add_(squares).clamp(0);
  }, "distances");
}

/** Numbers with probabilities proportional to weights [R, n], from uniform draws [R, T]: int64 [R, T]. */
function sample(weights: Tensor, draws: Tensor): Tensor {
  return scope(() => {
    const sums = weights.to("float64").cumsum(1);
    const totals = sums.narrow(1, weights.size(1) - 1, 1);
    return aten("searchsorted.Tensor", sums, draws.mul(totals)).clamp(0, weights.size(1) - 1);
  }, "sample");
}

/** @file First centres of k-means: greedy k-means++ (Arthur and Vassilvitskii 2007), all restarts at once. */

import {
  arange,
  aten,
  type Group,
  type Random,
  scope,
  stack,
  type Tensor,
  zeros,
} from "../../tensor/index.ts";

/** Where the points of a process stand among those of all. */
export interface Places {
  group: Group;
  /** Points before its own, and of all. */
  before: number;
  total: number;
}

/** @param own points that are here */
export function placesOf(group: Group, own: number): Places {
  const counts = group.numbers([own]).flat();
  const sum = (some: readonly number[]) => some.reduce((total, count) => total + count, 0);
  return { group, before: sum(counts.slice(0, group.rank)), total: sum(counts) };
}

/**
 * Centres drawn among the points, each with a probability proportional to the squared distance from those before it; of
 * 2 + ⌊ln K⌋ candidates the one that lowers the sum of these distances most is kept.
 *
 * @param X points [n, d]
 * @param squares ‖x‖², [n]
 * @param places of the points among those of several processes
 * @returns [restarts, K, d]
 */
export function seedCentres(
  X: Tensor,
  squares: Tensor,
  clusters: number,
  restarts: number,
  random: Random,
  places?: Places,
): Tensor {
  return scope(() => {
    const [n, d] = X.shape as [number, number];
    const { device } = X;
    const candidates = 2 + Math.floor(Math.log(clusters));
    const rows = arange(restarts, { device });
    const first = random.at("first").integers([restarts], 0, places?.total ?? n, { device }); // [R]
    let chosen = places === undefined ? X.indexSelect(0, first) : numbered(X, first, places); // [R, d]
    let nearest = distances(X, squares, chosen); //                              [R, n]
    const centres = [chosen];
    for (let k = 1; k < clusters; k++) {
      const before = nearest;
      [chosen, nearest] = scope(() => {
        const size = [restarts, candidates];
        const draws = random.at(`centre.${k}`).uniform(size, 0, 1, { dtype: "float64", device });
        const drawn = sample(X, before, draws, places); //                       [R, T, d]
        const all = distances(X, squares, drawn.reshape([-1, d]))
          .reshape([...size, n])
          .minimum(before.unsqueeze(1)); //                                      [R, T, n]
        const left = all.sum([2]); //                                            [R, T]
        const best = [rows, (places?.group.allReduce(left) ?? left).argmin(1)];
        return [drawn.index(best), all.index(best)] as const;
      }, "next centre");
      before.dispose();
      centres.push(chosen);
    }
    return stack(centres, 1);
  }, "seeding");
}

/** Squared distances from some points [m, d] to all points: [m, n]. */
function distances(X: Tensor, squares: Tensor, points: Tensor): Tensor {
  return scope(() => {
    const products = points.matmul(X.T);
    const lengths = points.square().sum([1], true);
    return products.mul_(-2).add_(lengths).add_(squares).clamp(0);
  }, "distances");
}

/** The points of those numbers [m] among all processes' points: [m, d]. */
function numbered(X: Tensor, numbers: Tensor, { group, before }: Places): Tensor {
  const own = numbers.sub(before);
  return ofOwner(X, own, own.ge(0).and(own.lt(X.size(0))), group);
}

/** Points that one rank has each: rows of X by number [...], where it is `mine` → [..., d] on all ranks. */
function ofOwner(X: Tensor, numbers: Tensor, mine: Tensor, group: Group): Tensor {
  const [n, d] = X.shape as [number, number];
  const rows = X.indexSelect(0, numbers.clamp(0, n - 1).reshape([-1])).reshape([...numbers.shape, d]);
  const nothing = zeros([], { dtype: X.dtype, device: X.device });
  return group.allReduce(rows.where(mine.unsqueeze(-1), nothing));
}

/** Points with probabilities proportional to weights [R, n], by uniform draws [R, T]: [R, T, d]. */
function sample(X: Tensor, weights: Tensor, draws: Tensor, places: Places | undefined): Tensor {
  return scope(() => {
    const sums = weights.to("float64").cumsum(1);
    const total = sums.narrow(1, weights.size(1) - 1, 1); //                     [R, 1]
    const last = weights.size(1) - 1;
    if (places === undefined) {
      const numbers = aten("searchsorted.Tensor", sums, draws.mul(total)).clamp(0, last);
      return X.indexSelect(0, numbers.reshape([-1])).reshape([...draws.shape, X.size(1)]);
    }
    const { rank, size } = places.group;
    const ends = places.group.allGather(total.squeeze(1)).cumsum(0).T.contiguous(); // [R, P]
    const targets = draws.mul(ends.narrow(1, size - 1, 1));
    const mine = aten("searchsorted.Tensor", ends, targets)
      .clamp(0, size - 1)
      .eq(rank);
    const own = targets.sub(ends.narrow(1, rank, 1).sub(total));
    return ofOwner(X, aten("searchsorted.Tensor", sums, own), mine, places.group);
  }, "sample");
}

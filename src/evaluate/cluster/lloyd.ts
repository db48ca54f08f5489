/** @file Lloyd's iterations of k-means: points to their nearest centre, centres to the mean of their points. */

import { aten, cat, scope, stack, type Tensor, tensor, zeros } from "../../tensor/index.ts";

/** Distances in one block of points, so that it stays in the cache. */
const BLOCK = 2 ** 19;

/** Points assigned to the centres of each restart. */
export interface Assignment {
  /** int64 [R, n] */
  assigned: Tensor;
  /** ‖x − its centre‖² − ‖x‖², [R, n] */
  nearest: Tensor;
  /** Sums of the points of each centre, [R, K, d] */
  sums: Tensor;
  /** Their number, [R, K] */
  counts: Tensor;
}

/** Each point of X [n, d] to the nearest of the centres [R, K, d] of each restart; of equal ones to the first. */
export function assign(X: Tensor, centres: Tensor): Assignment {
  return scope(() => {
    const [R, K, d] = centres.shape as [number, number, number];
    const n = X.size(0);
    const place = { dtype: X.dtype, device: X.device };
    const rows = centres.reshape([R * K, d]);
    const lengths = rows.square().sum([1], true);
    const sums = zeros([R * K, d], place);
    const counts = zeros([R, K], place);
    const size = Math.max(1, Math.floor(BLOCK / (R * K)));
    const blocks: [Tensor, Tensor][] = [];
    for (let at = 0; at < n; at += size)
      blocks.push(
        scope(() => {
          const x = X.narrow(0, at, Math.min(size, n - at)); //                 [b, d]
          const distances = aten("addmm", lengths, rows, x.T, { alpha: -2 }).reshape([R, K, -1]);
          const [nearest, assigned] = aten<[Tensor, Tensor]>("min.dim", distances, 1);
          const members = distances.fill_(0); //                                 memory that is there already
          aten("scatter_.value", members, 1, assigned.unsqueeze(1), 1); //       [R, K, b]: 1 for its own
          sums.add_(members.reshape([R * K, -1]).matmul(x));
          counts.add_(members.sum([2]));
          return [assigned, nearest];
        }, "block"),
      );
    const join = (i: 0 | 1) =>
      cat(
        blocks.map((block) => block[i]),
        1,
      );
    return { assigned: join(0), nearest: join(1), sums: sums.reshape([R, K, d]), counts };
  }, "assign");
}

/**
 * Iterates each restart until no point changes its cluster, or its centres step by Σ ‖step‖² ≤ `least`, or there were
 * enough iterations; one that has ended leaves the batch.
 *
 * @param X points [n, d]
 * @param squares ‖x‖², [n]
 * @param seeds centres to begin with, [R, K, d]
 * @returns centres at the end, [R, K, d]
 */
export function descend(
  X: Tensor,
  squares: Tensor,
  seeds: Tensor,
  { iterations, least }: { iterations: number; least: number },
): Tensor {
  return scope(() => {
    const ends: Tensor[] = [];
    let going = Array.from({ length: seeds.size(0) }, (_, r) => r);
    let centres = seeds.clone();
    let before: Tensor | undefined;
    for (let i = 1; going.length > 0; i++) {
      const step = scope(() => {
        const { assigned, ...found } = assign(X, centres);
        const next = refill(X, squares, found);
        const moved = next.sub(centres).square().sum([1, 2]).numbers();
        const same = before && aten("all.dim", assigned.eq(before), 1).numbers();
        const ended = moved.map((step, r) => step <= least || same?.[r] === 1 || i === iterations);
        for (const [at, r] of going.entries()) if (ended[at]) ends[r] = next.select(0, at).clone();
        const stay = [...going.keys()].filter((at) => !ended[at]);
        const picked = tensor(BigInt64Array.from(stay, BigInt), { device: X.device });
        const rest = (x: Tensor) => (stay.length < going.length ? x.indexSelect(0, picked) : x);
        going = going.filter((_, at) => !ended[at]);
        return { centres: rest(next), before: rest(assigned), ends };
      }, "iteration");
      centres.dispose();
      before?.dispose();
      ({ centres, before } = step);
    }
    return stack(ends);
  }, "lloyd");
}

/** Means of the points of each centre; a centre without any goes to one of the points that are farthest from theirs. */
function refill(X: Tensor, squares: Tensor, found: Omit<Assignment, "assigned">): Tensor {
  return scope(() => {
    const { nearest, sums, counts } = found;
    const means = sums.div(counts.clamp(1).unsqueeze(2)); //                    [R, K, d]
    if (counts.min().item() > 0) return means;
    const K = means.size(1);
    for (let r = 0; r < means.size(0); r++) {
      const row = counts.select(0, r).numbers();
      const empty = [...row.keys()].filter((k) => row[k] === 0);
      if (empty.length === 0) continue;
      const [, farthest] = nearest.select(0, r).add(squares).topk(empty.length);
      const at = tensor(
        BigInt64Array.from(empty, (k) => BigInt(r * K + k)),
        { device: X.device },
      );
      aten("index_copy_", means.reshape([-1, X.size(1)]), 0, at, X.indexSelect(0, farthest));
    }
    return means;
  }, "refill");
}

/** @file Lloyd's iterations of k-means: points to their nearest centre, centres to the mean of their points. */

import { aten, cat, full, type Group, scope, stack, type Tensor, tensor, zeros } from "../../tensor/index.ts";

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
 * @param across processes that have other points
 * @returns centres at the end, [R, K, d]
 */
export function descend(
  X: Tensor,
  squares: Tensor,
  seeds: Tensor,
  { iterations, least, across }: { iterations: number; least: number; across?: Group | undefined },
): Tensor {
  return scope(() => {
    const ends: Tensor[] = [];
    let going = Array.from({ length: seeds.size(0) }, (_, r) => r);
    let centres = seeds.clone();
    let before: Tensor | undefined;
    for (let i = 1; going.length > 0; i++) {
      const step = scope(() => {
        const { assigned, ...own } = assign(X, centres);
        const changed = before === undefined ? undefined : assigned.ne(before).sum([1]); // [R]
        const found = across === undefined ? { ...own, changed } : ofAll(own, changed, across);
        const next = refill(X, squares, found, across);
        const moved = next.sub(centres).square().sum([1, 2]).numbers();
        const changes = found.changed?.numbers();
        const ended = moved.map((step, r) => step <= least || changes?.[r] === 0 || i === iterations);
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

/** Sums and counts over ranks, and how many points have changed their cluster, none given before the second iteration. */
function ofAll(
  { nearest, sums, counts }: Omit<Assignment, "assigned">,
  changed: Tensor | undefined,
  across: Group,
) {
  const [R, K, d] = sums.shape as [number, number, number];
  const last = changed ?? counts.narrow(1, 0, 1).mul(0).add(1);
  const own = [sums.reshape([R, K * d]), counts, last.reshape([R, 1]).to(sums.dtype)];
  const all = across.allReduce(cat(own, 1)); //                                 [R, K d + K + 1]
  return {
    nearest,
    sums: all.narrow(1, 0, K * d).reshape([R, K, d]),
    counts: all.narrow(1, K * d, K),
    changed: changed && all.select(1, K * d + K),
  };
}

/** Means of the points of each centre; a centre without any goes to one of the points that are farthest from theirs. */
function refill(
  X: Tensor,
  squares: Tensor,
  found: Omit<Assignment, "assigned">,
  across: Group | undefined,
): Tensor {
  return scope(() => {
    const { nearest, sums, counts } = found;
    const means = sums.div(counts.clamp(1).unsqueeze(2)); //                    [R, K, d]
    if (counts.min().item() > 0) return means;
    const K = means.size(1);
    for (let r = 0; r < means.size(0); r++) {
      const row = counts.select(0, r).numbers();
      const empty = [...row.keys()].filter((k) => row[k] === 0);
      if (empty.length === 0) continue;
      const at = tensor(
        BigInt64Array.from(empty, (k) => BigInt(r * K + k)),
        { device: X.device },
      );
      const far = farthest(X, nearest.select(0, r).add(squares), empty.length, across);
      aten("index_copy_", means.reshape([-1, X.size(1)]), 0, at, far);
    }
    return means;
  }, "refill");
}

/** Those of the points X [n, d] with the largest distances [n], on all ranks: [count, d]. */
function farthest(X: Tensor, distances: Tensor, count: number, across: Group | undefined): Tensor {
  const here = Math.min(count, X.size(0));
  const [values, numbers] = distances.topk(here);
  const points = X.indexSelect(0, numbers);
  if (across === undefined) return points;
  const place = { dtype: X.dtype, device: X.device };
  const none = full([count - here, X.size(1) + 1], Number.NEGATIVE_INFINITY, place);
  const own = cat([cat([values.to(X.dtype).unsqueeze(1), points], 1), none]); // [count, 1 + d]
  const all = across.allGather(own).reshape([-1, X.size(1) + 1]);
  const [, best] = all.select(1, 0).topk(count);
  return all.indexSelect(0, best).narrow(1, 1, X.size(1));
}

/** @file The rate against an affinity whose rows lie on several processes: each evaluates the columns of its own rows. */

import { largestOf } from "../base/extremes.ts";
import {
  cat,
  type Group,
  gatherRows,
  PrecisionError,
  scope,
  type Tensor,
  UsageError,
  zeros,
} from "../tensor/index.ts";

/** A rate and its gradients, where they are wanted. */
export interface AffinityRate {
  value: Tensor; //                                                             []
  dZ: Tensor; //                                                                [n, d]
  dPi: Tensor | undefined; //                                                   [n, c]
}

/**
 * The sum of what `evaluate(Z, Πᵣ)` gives of the columns of rank r: n d numbers are gathered, n² (P − 1)/P exchanged, and
 * for the gradient the same again on the way back.
 *
 * @param Z features that are here, [n_r, d]
 * @param Pi rows of Π that are here, [n_r, n]
 * @param rows n_r of every rank
 */
export function affinityOfAll(
  Z: Tensor,
  Pi: Tensor,
  group: Group,
  rows: readonly number[],
  evaluate: (Z: Tensor, Pi: Tensor) => AffinityRate,
): AffinityRate {
  const n = rows.reduce((sum, count) => sum + count, 0);
  if (Pi.size(1) !== n)
    throw new UsageError(
      `rate: expected memberships in ${n} columns, one a sample of all ranks, got ${Pi.describe()}`,
    );
  return scope(() => {
    const columns = exchanged(split(Pi, rows, 1), group, rows); //              [n, n_r]
    const all = gatherRows(Z, group, rows); //                                  [n, d]
    const { value, dZ, dPi } = agreed(group, () => evaluate(all, columns));
    group.allReduce(value);
    if (dPi === undefined) return { value, dZ: Z, dPi };
    const back = exchanged(split(dPi, rows, 0), group, rows, 1); //              [n_r, n]
    return { value, dZ: ownRows(dZ, group, rows), dPi: back };
  }, "affinity");
}

/** Blocks of so many rows, or columns, one after the other. */
const split = (x: Tensor, sizes: readonly number[], dim: number): Tensor[] =>
  sizes.map((size, i) => {
    const before = sizes.slice(0, i).reduce((sum, one) => sum + one, 0);
    return x.narrow(dim, before, size);
  });

/** Block q goes to rank q: what every rank had for this one, [n_q, n_r] one below the other, or [n_r, n_q] side by side. */
function exchanged(blocks: readonly Tensor[], group: Group, rows: readonly number[], dim = 0): Tensor {
  const own = rows[group.rank]!;
  const flat = cat(blocks.map((block) => block.reshape([-1])));
  const counts = rows.map((count) => count * own);
  const received = split(group.allToAll(flat, counts, counts), counts, 0);
  const shape = (count: number) => (dim === 0 ? [count, own] : [own, count]);
  return cat(
    received.map((block, q) => block.reshape(shape(rows[q]!))),
    dim,
  );
}

/** Σ over ranks of [n, d], the rows that are here: [n_r, d]. */
function ownRows(all: Tensor, group: Group, rows: readonly number[]): Tensor {
  const most = largestOf(rows);
  const d = all.size(1);
  const parts = split(all, rows, 0).map((part) => {
    const missing = zeros([most - part.size(0), d], { dtype: all.dtype, device: all.device });
    return cat([part, missing]);
  });
  const sum = group.reduceScatter(cat(parts).reshape([group.size, most, d]));
  return sum.narrow(0, 0, rows[group.rank]!);
}

/** A body that rounding spoils on one rank is spoilt on all: whoever went on would wait for the others. */
function agreed<T>(group: Group, body: () => T): T {
  let spoilt: PrecisionError | undefined;
  let result: T | undefined;
  try {
    result = body();
  } catch (error) {
    if (!(error instanceof PrecisionError)) throw error;
    spoilt = error;
  }
  const bad = group.numbers([spoilt === undefined ? 0 : 1]).findIndex(([flag]) => flag === 1);
  if (bad < 0) return result!;
  throw spoilt ?? new PrecisionError(`rounding takes the digits of a rate on rank ${bad}`);
}

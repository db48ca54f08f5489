/** @file Samples sorted once by class, so that every rate of a class or of a union of classes shares its Gram. */

import { type Group, operator, run, scope, sumGrams, type Tensor, tensor } from "../tensor/index.ts";
import { gramsOf, logDet1p, type RateOptions, squared } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";
import { countLabels } from "./segments.ts";

const UNION_RATES = operator("vitrine::union_rates");

/** Rows of a feature matrix, part by part. Part s is `own[s]` rows, named in `order` after those of part s − 1. */
export interface Parts {
  /** int64, as many entries as all parts together. */
  order: Tensor;
  /** Rows of each part, those on other ranks too. */
  counts: readonly number[];
  /** Those that are here; the same unless given. */
  own?: readonly number[];
}

/**
 * The classes of each of several feature sets that are stacked and have the same labels: part `side · classes + k` is
 * class k of set `side`. Each set has as many rows as there are labels.
 *
 * @param labels [n], int64, 0 ≤ label < classes
 * @param across processes that hold other rows, whose counts are added
 * @throws {UsageError} a label out of range, with its position
 */
export function partsOf(labels: Tensor, classes: number, sides = 1, across?: Group): Parts {
  const { values, counts } = countLabels(labels, classes);
  const n = values.length;
  const next = counts.map((_, k) => counts.slice(0, k).reduce((sum, count) => sum + count, 0));
  const order = new Int32Array(sides * n);
  for (let i = 0; i < n; i++) {
    const place = next[values[i] as number]!++;
    for (let side = 0; side < sides; side++) order[side * n + place] = side * n + i;
  }
  const ofSides = (once: readonly number[]) => Array.from({ length: sides }, () => once).flat();
  const here = {
    order: scope(() => tensor(order, { device: labels.device }).to("int64")),
    counts: ofSides(counts),
  };
  if (across === undefined) return here;
  const all = scope(() => across.allReduce(tensor(Float32Array.from(counts))).numbers());
  return { order: here.order, counts: ofSides(all), own: here.counts };
}

/** Number of rows of a union of parts. */
export const countOf = (parts: Parts, union: readonly number[]): number =>
  union.reduce((sum, part) => sum + parts.counts[part]!, 0);

/**
 * Coding rates of unions of parts, each under one Gaussian; a union without rows has rate 0:
 *
 *     Rᵤ = ½ log det(I + d/(nᵤ ε²) Σ_{s in u} ZₛᵀZₛ)
 *
 * Every part's Gram is formed once, all log-determinants are one batch, the gradient is in closed form.
 *
 * @param Z [N, d]
 * @param unions each a list of parts
 * @returns [unions], nats
 */
export function unionRates(
  Z: Tensor,
  parts: Parts,
  unions: readonly (readonly number[])[],
  options: RateOptions,
): Tensor {
  const S = parts.counts.length;
  const A = new Float64Array(unions.length * S);
  unions.forEach((union, row) => {
    const alpha = Z.size(1) / (Math.max(countOf(parts, union), 1) * squared(options));
    for (const part of union) A[row * S + part] = alpha;
  });
  const weights = tensor(A, { shape: [unions.length, S], device: Z.device });
  return weightedRates(Z, parts, weights, options);
}

/** ½ log det(I + Σₛ A_rs ZₛᵀZₛ) for each row r of A [unions, S], float64: [unions], nats. */
export function weightedRates(Z: Tensor, parts: Parts, A: Tensor, { across }: RateOptions): Tensor {
  const { order, counts, own = counts } = parts;
  return withDigits([Z], (Z) => {
    if (across === undefined) return run(UNION_RATES, Z.h, order.h, own, A.h);
    const d = Z.size(1);
    const grams = sumGrams(gramsOf(Z, order, own), across).reshape([own.length, d * d]);
    return logDet1p(A.to(grams.dtype).matmul(grams).reshape([-1, d, d])).div(2);
  });
}

/** @file Weighted sums of coding rates of unions of parts: every rate-reduction objective is one. */

import { type Tensor, tensor } from "../tensor/index.ts";
import type { RateOptions } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";
import { countOf, type Parts, unionRates } from "./parts.ts";

/** Σ weight · R(union); a union is a list of parts. */
export type RateSum = readonly (readonly [weight: number, union: readonly number[]])[];

/** An objective and the terms that it is the sum of, before their weights: all [], nats. */
export interface Objective<Name extends string> {
  objective: Tensor;
  terms: Record<Name, Tensor>;
}

/** ΔR(Z | Π) = R(Z) − Σₖ nₖ/n R(Zₖ) of the parts named; parts without rows are left out. */
export function reduction(parts: Parts, members: readonly number[]): RateSum {
  const n = countOf(parts, members);
  if (n === 0) return [];
  const present = members.filter((part) => parts.counts[part]! > 0);
  return [[1, members], ...present.map((part) => [-parts.counts[part]! / n, [part]] as const)];
}

/** ΔR(A, B) of two parts: the reduction of their union. Nothing where one of them has no rows. */
export function distance(parts: Parts, a: number, b: number): RateSum {
  const absent = parts.counts[a] === 0 || parts.counts[b] === 0;
  return absent ? [] : reduction(parts, [a, b]);
}

/** The same sum, every weight times a factor. */
export const scaled = (sum: RateSum, factor: number): RateSum =>
  sum.map(([weight, union]) => [weight * factor, union]);

/**
 * Evaluates sums of rates over the rows of Z [N, d]; each different union is computed once.
 *
 * @param weights before each term in the objective, 1 where left out
 */
export function evaluate<Name extends string>(
  Z: Tensor,
  parts: Parts,
  terms: Readonly<Record<Name, RateSum>>,
  options: RateOptions,
  weights: Partial<Record<Name, number>> = {},
): Objective<Name> {
  const names = Object.keys(terms) as Name[];
  const unions = new Map<string, readonly number[]>();
  for (const name of names) for (const [, union] of terms[name]) unions.set(union.join(), union);
  if (unions.size === 0) unions.set("", []); // nothing to sum: 0, with a gradient of zeros
  const position = new Map([...unions.keys()].map((key, at) => [key, at]));
  const C = new Float64Array(names.length * unions.size);
  names.forEach((name, row) => {
    for (const [weight, union] of terms[name]) C[row * unions.size + position.get(union.join())!]! += weight;
  });
  return withDigits([Z], (Z) => {
    const rates = unionRates(Z, parts, [...unions.values()], options); //      [unions]
    const place = { dtype: rates.dtype, device: Z.device };
    const before = tensor(
      names.map((name) => weights[name] ?? 1),
      place,
    );
    const coefficients = tensor(C, { shape: [names.length, unions.size], ...place });
    const values = coefficients.matmul(rates); //                              [terms]
    const entries = names.map((name, row) => [name, values.detach().select(0, row)] as const);
    return {
      objective: values.mul(before).sum(),
      terms: Object.fromEntries(entries) as Record<Name, Tensor>,
    };
  });
}

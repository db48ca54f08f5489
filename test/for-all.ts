/** @file Properties over random sizes and seeds, the same ones in every run. */

import fc from "fast-check";
import { type Random, random, scope } from "../src/tensor/index.ts";

/**
 * Runs `body` for `runs` choices of whole numbers in the ranges given, each with a random stream of its own. What fails
 * is made as small as can be and reported with its numbers.
 */
export function forAll<Name extends string>(
  ranges: Readonly<Record<Name, readonly [least: number, most: number]>>,
  runs: number,
  body: (values: Record<Name, number>, random: Random) => void,
): void {
  const entries = Object.entries(ranges) as [Name, readonly [number, number]][];
  const integers = entries.map(([name, [min, max]]) => [name, fc.integer({ min, max })] as const);
  const record = fc.record(Object.fromEntries(integers)) as fc.Arbitrary<Record<Name, number>>;
  const seed = fc.integer({ min: 0, max: 2 ** 31 });
  const property = fc.property(record, seed, (values, of) => scope(() => body(values, random(of))));
  fc.assert(property, { numRuns: runs, seed: 1 });
}

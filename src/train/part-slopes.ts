/** @file Gradients of the fixed parts of a batch, added up in an order that the number of processes does not change. */

import { addTo, type Given, type Loss, type Slopes, type Source, slopesOf } from "./slopes.ts";
import { sumSlopes, sumValues } from "./sum-slopes.ts";

/**
 * The sum over the parts of a batch in a binary tree: of those that are here, as many on every rank, then of the ranks. Of 2ᵏ parts it
 * has the same bits on 1, 2, 4 … processes.
 * @param of batches whose mean makes the step
 */
export function slopesOfParts(
  source: Source,
  losses: readonly Loss[],
  at: number,
  given: Given | undefined,
  of: number,
): Slopes {
  const tree = (some: readonly Loss[]): Slopes => {
    if (some.length === 1) return slopesOf(source, some[0]!, at, given, { of, alone: false });
    const sum = tree(some.slice(0, some.length / 2));
    const more = tree(some.slice(some.length / 2));
    addTo(sum, more);
    more.list.dispose();
    return sum;
  };
  const here = tree(losses);
  const { across } = source;
  return { values: sumValues(here.values, across, "tree"), list: sumSlopes(here.list, across, "tree") };
}

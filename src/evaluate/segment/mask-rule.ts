/** @file Attention maps to masks, in the paper's way and in that of DINO's script: they give very different masks. */

import { UsageError } from "../../tensor/index.ts";

/** Names of the two ways: so many of the patches, or the patches with so much of the attention. */
export type MaskRule = "entries" | "mass";

function checkShare(share: number): void {
  if (!(share > 0 && share <= 1))
    throw new UsageError(`share: expected a share above 0 and up to 1, got ${share}`);
}

/** Places from the largest weight to the smallest; of equal weights the first comes first. */
const falling = (map: ArrayLike<number>): number[] =>
  Array.from(map, (_, at) => at).sort((a, b) => map[b]! - map[a]! || a - b);

/**
 * The largest entries of a map: ⌈share · N⌉ of its N patches.
 *
 * @param share above 0 and up to 1; 0.6 in the paper
 * @returns 1 for a patch that is kept
 * @see Yu and Chu et al. 2024, binary masks of attention maps
 */
export function largestEntries(map: ArrayLike<number>, share = 0.6): Uint8Array {
  checkShare(share);
  const kept = new Uint8Array(map.length);
  for (const at of falling(map).slice(0, Math.ceil(share * map.length))) kept[at] = 1;
  return kept;
}

/**
 * The entries that hold a share of a map's attention, as DINO's script has it: sorted from the smallest
 * on, those where the sum so far is above (1 − share) of the whole.
 *
 * @param share above 0 and up to 1; 0.6 in the script
 * @returns 1 for a patch that is kept
 */
export function largestMass(map: ArrayLike<number>, share = 0.6): Uint8Array {
  checkShare(share);
  const total = Array.from(map).reduce((sum, weight) => sum + weight, 0);
  const kept = new Uint8Array(map.length);
  let sum = 0;
  for (const at of falling(map).reverse()) {
    sum += map[at]! / total;
    if (sum > 1 - share) kept[at] = 1;
  }
  return kept;
}

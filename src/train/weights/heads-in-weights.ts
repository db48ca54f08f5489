/** @file The number of heads as the weights show it: training makes the vectors of one subspace alike, not those of two. */

import { scope, type Tensor } from "../../tensor/index.ts";

export interface GuessedHeads {
  heads: number;
  /** How much stronger vectors of one head overlap than others that are stored as far apart. */
  ratio: number;
}

/** From this ratio on, and this far above the next number of heads, a guess was right in all that were tried. */
const STRONG = 1.3;
const AHEAD = 1.15;
/** Layers that are looked at, the last ones. */
const LAYERS = 4;

/**
 * For each p that divides the width of all heads: squared cosines of rows i and j of U in one block of p rows, over those in
 * two blocks at the same distance |i − j|. Smaller blocks than the heads' have heads on both sides of the ratio, larger ones
 * have several in one block, so that the heads' own p gives the largest.
 *
 * @param tensors of a CRATE or one of its successors, by the authors' names
 * @returns nothing where there are no subspaces, or no number stands out: weights that were hardly trained
 */
export function headsInWeights(tensors: ReadonlyMap<string, Tensor>): GuessedHeads | undefined {
  const all = [...tensors].filter(
    ([name, U]) => /\.fn\.qkv\.weight$/.test(name) && !name.startsWith("decoder") && U.dim === 2,
  );
  const layers = all.slice(-LAYERS).map(([, U]) => squaredCosines(U));
  const inner = Math.sqrt(layers[0]?.length ?? 0);
  const widths = Array.from({ length: Math.floor(inner / 2) }, (_, i) => i + 1).filter(
    (p) => p > 1 && inner % p === 0,
  );
  const ratios = widths.map((p) => {
    const sum = layers.reduce((total, cosines) => total + blockRatio(cosines, inner, p), 0);
    return { heads: inner / p, ratio: sum / layers.length };
  });
  const [best, next] = ratios.sort((a, b) => b.ratio - a.ratio);
  const clear = best !== undefined && best.ratio > STRONG && best.ratio > AHEAD * (next?.ratio ?? 0);
  return clear ? best : undefined;
}

/** ⟨uᵢ, uⱼ⟩² / ‖uᵢ‖²‖uⱼ‖², row by row. */
const squaredCosines = (U: Tensor): number[] =>
  scope(() => {
    const rows = U.to("float32");
    const unit = rows.div(rows.square().sum(1, true).sqrt().add(1e-30));
    return unit.matmul(unit.T).square().numbers();
  });

function blockRatio(cosines: readonly number[], n: number, p: number): number {
  const [inside, across] = [0, 1].map(() => ({ sum: new Float64Array(p), count: new Float64Array(p) })) as [
    Bins,
    Bins,
  ];
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < Math.min(n, i + p); j++) {
      const bins = Math.floor(i / p) === Math.floor(j / p) ? inside : across;
      bins.sum[j - i]! += cosines[i * n + j]!;
      bins.count[j - i]! += 1;
    }
  let [same, other] = [0, 0];
  for (let distance = 1; distance < p; distance++) {
    const [a, b] = [inside.count[distance]!, across.count[distance]!];
    if (a === 0 || b === 0) continue;
    same += (Math.min(a, b) * inside.sum[distance]!) / a;
    other += (Math.min(a, b) * across.sum[distance]!) / b;
  }
  return other > 0 ? same / other : 0;
}

/** By distance. */
interface Bins {
  sum: Float64Array;
  count: Float64Array;
}

/** @file Memberships of points in the neighbourhoods of points, as a picture. */

import { largestOf } from "../../base/extremes.ts";
import { type Figure, figure, heatMap } from "../../chart/index.ts";
import { scope, type Tensor, tensor } from "../../tensor/index.ts";

/** Most rows and columns of the figure: more are averaged, in blocks. */
const CELLS = 100;

/** Π [n, n] with rows and columns sorted by cluster, each entry n times its share. @param assigned int64 [n] */
export function membershipFigure(Pi: Tensor, assigned: Tensor, title: string): Figure {
  const of = assigned.numbers();
  const order = [...of.keys()].sort((a, b) => of[a]! - of[b]! || a - b);
  const n = of.length;
  const block = Math.ceil(n / CELLS);
  const side = Math.floor(n / block);
  const values = scope(() => {
    const index = tensor(BigInt64Array.from(order.slice(0, side * block), BigInt), { device: Pi.device });
    const sorted = Pi.indexSelect(0, index).indexSelect(1, index);
    // shares of a row are small and far apart in size: their logarithm shows both
    return sorted
      .reshape([side, block, side, block])
      .mean([1, 3])
      .mul(n)
      .clamp(1e-3)
      .log()
      .div(Math.LN10)
      .numbers();
  });
  const names = Array.from({ length: side }, (_, i) => String(of[order[i * block]!]));
  const axis = { label: "cluster", names, grouped: true };
  const chart = heatMap({
    ...{ rows: side, columns: side, values, x: axis, y: axis },
    ...{ min: -3, max: largestOf(values, 0), label: "log₁₀ of n times the membership" },
  });
  return figure({ title }, chart);
}

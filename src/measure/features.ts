/** @file Features of a layer without tokens: maps of convolutions, averaged over their pixels, and plain vectors. */

import { rankOfEnergies } from "../evaluate/numerical-rank.ts";
import { codingRate, nonZeroShare } from "../rate/index.ts";
import { aten, noGrad, scope, type Tensor, tensor } from "../tensor/index.ts";
import { unitTokens } from "./tokens.ts";

/** What is measured of the features of all samples together. */
export interface FeatureMeasures {
  /** R of the features at unit length, nats. */
  featureRate: number;
  /** The fewest directions that hold 95 % of their energy. */
  featureRank: number;
  /** Singular values of the features as they are, from the largest on. */
  spectrum: number[];
}

/** Shares of non-zeros of maps or features, one a sample: [b, …] → b numbers. */
export const nonZeros = (values: Tensor): number[] =>
  scope(() => nonZeroShare(values.reshape([values.size(0), 1, -1])).numbers());

/** Maps [b, c, H, W] → their means over pixels, features [b, …] → flat: one row a sample. */
export const pooledRows = (values: Tensor): Float32Array[] =>
  scope(() => {
    const flat = values.dim === 4 ? values.mean([2, 3]) : values.flatten(1); //  [b, d]
    return flat
      .to("float32")
      .unbind(0)
      .map((row) => Float32Array.from(row.contiguous().numbers()));
  });

/** Measures features, one row a sample. */
export function measureFeatures(rows: readonly Float32Array[], epsilon: number): FeatureMeasures {
  return noGrad(() =>
    scope(() => {
      const Z = tensor(Float64Array.from(rows.flatMap((row) => [...row])), {
        shape: [rows.length, rows[0]!.length],
      }); //                                                                    [n, d]
      const values = aten<Tensor>("linalg_svdvals", Z, { driver: null }).numbers();
      return {
        featureRate: codingRate(unitTokens(Z), { epsilon: epsilon }).item(),
        featureRank: rankOfEnergies(values.map((value) => value ** 2)),
        spectrum: values,
      };
    }, "measureFeatures"),
  );
}

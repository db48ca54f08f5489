/** @file The authors' layer-wise estimator of the coding rate. */

import { authorsLayerRate, estimate } from "../../src/rate/index.ts";
import { tensor } from "../../src/tensor/index.ts";
import { type Comparison, type Golden, relativeError, required } from "./golden.ts";

export function layerRate(golden: Golden): Comparison {
  const samples = authorsLayerRate(required(golden, "tokens"), golden.config.eps as number);
  const { mean, std } = estimate(samples.numbers());
  const outputs = new Map([
    ["mean", relativeError(tensor(mean), required(golden, "mean"))],
    ["std", relativeError(tensor(std), required(golden, "std"))],
  ]);
  return { outputs, gradients: new Map() };
}

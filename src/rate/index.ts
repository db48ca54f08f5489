/** @file The objective: coding rates, rate reduction, and what layers are measured by. */

export {
  codingRate,
  halfLogDet,
  logDet1p,
  type RateOptions,
  rateAgainstMemberships,
  rateAgainstSubspaces,
  rateOfProjections,
  rateReduction,
  sparseRateReduction,
} from "./coding-rate.ts";
export { authorsLayerRate, type Estimate, estimate, nonZeroShare, paperLayerRate } from "./layer-rate.ts";

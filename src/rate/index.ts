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
export { MCR2_PRECISION, type Mcr2Loss, type Mcr2Options, mcr2Loss, rateAgainstClasses } from "./mcr2.ts";
export { type Segments, segments } from "./segments.ts";

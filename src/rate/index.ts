/** @file The objective: coding rates, rate reduction, and what layers are measured by. */

export { rateAgainstAffinity } from "./affinity-rate.ts";
export {
  binaryObjective,
  CLOSED_LOOP_EPSILON,
  featureObjective,
  type MultiOptions,
  multiObjective,
  rateDistance,
} from "./closed-loop.ts";
export {
  heldClasses,
  type IncrementalOptions,
  incrementalDecoderObjective,
  incrementalEncoderObjective,
} from "./closed-loop-incremental.ts";
export { codingLength } from "./coding-length.ts";
export {
  codingRate,
  halfLogDet,
  logDet1p,
  type RateOptions,
  rateAgainstMemberships,
  rateAgainstSubspaces,
  rateOfProjections,
  rateReduction,
  rowsOf,
  sparseRateReduction,
  withRows,
} from "./coding-rate.ts";
export { withDigits } from "./digits.ts";
export { membership, type SinkhornOptions, sinkhorn, symmetrised } from "./doubly-stochastic.ts";
export { authorsLayerRate, type Estimate, estimate, nonZeroShare, paperLayerRate } from "./layer-rate.ts";
export { MCR2_EPSILON, type Mcr2Loss, type Mcr2Options, mcr2Loss, rateAgainstClasses } from "./mcr2.ts";
export {
  CPP_EPSILON,
  gumbelSoftmax,
  type MlcLoss,
  type MlcOptions,
  meanFeatures,
  meanMemberships,
  meanTcrLoss,
  mlcLoss,
  NMCE_EPSILON,
  nmceLoss,
  type TcrLoss,
  type TcrOptions,
  tcrLoss,
} from "./mlc.ts";
export { type Parts, partsOf, unionRates } from "./parts.ts";
export { evaluate, type Objective, type RateSum } from "./rate-sums.ts";
export { type Segments, segments } from "./segments.ts";

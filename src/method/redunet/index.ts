/** @file ReduNet: networks built from data. */

export {
  type BuildOptions,
  type Built,
  buildReduNet,
  Construction,
  type ConstructionOptions,
} from "./construction.ts";
export { type DigitOptions, type PolarOptions, rotationDigits, translationDigits } from "./digits.ts";
export {
  classLabels,
  cyclicShifts,
  gaussianMixture,
  type MixtureOptions,
  type Samples,
} from "./gaussians.ts";
export {
  buildLayer,
  compression,
  expansion,
  type Layer as ReduLayer,
  type StepOptions,
  type Stepped,
  stepLayer,
} from "./layer.ts";
export { type LayerRates, layerRates } from "./layer-rates.ts";
export { type LiftOptions, type LiftStart, lift, liftKernel } from "./lift.ts";
export { REDUNET_EPSILON, ReduNet, type ReduNetOptions } from "./redunet.ts";
export { type DftNorm, type Form, Spectrum } from "./spectrum.ts";
export { fromState, loadReduNet, saveReduNet, stateDict } from "./state.ts";

/**
 * @file The library: tensors, and what most programs begin with. The rest lies in `vitrine/nn`, `/rate`, `/model`,
 * `/data`, `/train`, `/evaluate`, `/method`, `/inspect`, `/theory`, `/export` and `/graph`; everything that a command does
 * is a function there.
 */

export { batches, datasets, openDataset } from "./data/index.ts";
export { exportModel } from "./export/index.ts";
export { inspectRun } from "./inspect/index.ts";
export { measureLayers, readReport } from "./measure/index.ts";
export { evaluateRun, type Recipe, resolveRecipe, type TrainRunOptions, trainRun } from "./method/index.ts";
export { createModel, modelNames, models, parameterCount } from "./model/index.ts";
export { Linear, Module, record } from "./nn/index.ts";
export {
  codingRate,
  mcr2Loss,
  rateAgainstSubspaces,
  rateReduction,
  sparseRateReduction,
} from "./rate/index.ts";
export { findRecipe, recipeNames } from "./recipe/index.ts";
export {
  type AtenArgument,
  arange,
  aten,
  autocast,
  CheckpointError,
  cat,
  DataError,
  DiskError,
  type DType,
  type ErrorFacts,
  eye,
  full,
  type GradientOptions,
  type GradientsReducedOptions,
  type Group,
  type GroupSettings,
  gatherRows,
  gradients,
  gradientsReduced,
  keep,
  loadTensors,
  memory,
  type Nested,
  NotFiniteError,
  noGrad,
  OutOfMemoryError,
  ones,
  openGroup,
  PeerLostError,
  partialGradients,
  Random,
  RanksDifferError,
  random,
  StoppedError,
  saveTensors,
  scope,
  shared,
  stack,
  sumReplicated,
  sumShared,
  Tensor,
  type TensorFile,
  type TensorOptions,
  TorchError,
  type TypedArray,
  tensor,
  UsageError,
  VitrineError,
  zeros,
} from "./tensor/index.ts";
export { createOptimizer } from "./train/index.ts";

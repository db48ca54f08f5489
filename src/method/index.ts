/** @file How models learn and are judged; recipes and runs. */

export {
  accuracy,
  type Classifier,
  knn,
  type LarsOptions,
  type LinearSvm,
  type LinearSvmOptions,
  larsProbe,
  leastSquares,
  linearSvm,
  type NearestSubspaceOptions,
  nearestSubspace,
  type SubspaceClassifier,
} from "../evaluate/classify/index.ts";
export {
  clusterRows,
  type Eigen,
  type EnscOptions,
  ensc,
  type KMeans,
  type KMeansOptions,
  kMeans,
  type RepresentationOptions,
  representationAffinity,
  type SpectralOptions,
  selfRepresentation,
  spectralClustering,
  spectralEmbedding,
} from "../evaluate/cluster/index.ts";
export {
  type ActivationOptions,
  activations,
  ari,
  assignment,
  clusteringAccuracy,
  frechetDistance,
  INCEPTION,
  inceptionScore,
  nmi,
} from "../evaluate/metrics/index.ts";
export {
  type AveragePrecision,
  averagePrecision,
  bestHeadIou,
  boxOf,
  codeColours,
  components,
  enlarge,
  fillHoles,
  type Judged,
  judge,
  type Look,
  look,
  type Mask,
  maskCut,
  maskIou,
  normalisedCut,
  type OpenedModel,
  type OpenModelOptions,
  openModel,
  paperColours,
  patchAffinity,
  readCoco,
  readMasks,
  tokenCut,
} from "../evaluate/segment/index.ts";
export { evaluateEncoder } from "../evaluate/subspace-accuracy.ts";
export { findRecipe, readSettings, recipeNames } from "../recipe/recipes.ts";
export {
  type Architecture,
  type Converted,
  convertWeights,
  describeArchitecture,
  readWeights,
  recognise,
  type Transfer,
  transfer,
  type Weights,
} from "../train/weights/index.ts";
export { batchOptions, buildModel, openSplit, randomOf } from "./build.ts";
export * from "./cpp/index.ts";
export { type ClassModel, classModel, spectrum } from "./ctrl/class-model.ts";
export { CtrlLearner, type CtrlLearnerOptions } from "./ctrl/learner.ts";
export {
  interpolate,
  type Similarity,
  sampleImages,
  similarity,
  transcribe,
  traverse,
} from "./ctrl/pictures.ts";
export { Players } from "./ctrl/players.ts";
export { type CropOptions, drawCrops } from "./dino/crops.ts";
export { DinoLearner, type DinoLearnerOptions } from "./dino/learner.ts";
export { type DinoLoss, dinoLoss, nextCentre, type SimdinoLoss, simdinoLoss } from "./dino/losses.ts";
export { DinoPair } from "./dino/pair.ts";
export { evaluateRun } from "./evaluate-run.ts";
export { IctrlLearner, type IctrlOptions } from "./ictrl/learner.ts";
export { Memory, type MemoryOptions } from "./ictrl/memory.ts";
export { lastAndAverage, type Progression } from "./ictrl/tasks.ts";
export * from "./language/index.ts";
export { type MaskedErrors, maskedErrors } from "./mae/errors.ts";
export { MaeLearner, type MaeLearnerOptions } from "./mae/learner.ts";
export {
  type Augmentation,
  type Corruption,
  corruptLabels,
  VIEW_PRESETS,
  type Views,
  viewsOf,
} from "./mcr2/index.ts";
export { type Layer, type Origin, type Recipe, type ResolvedRecipe, resolveRecipe } from "./recipe.ts";
export * from "./redunet/index.ts";
export type {
  EvaluateOptions,
  Inspection,
  InspectOptions,
  InspectRun,
  RunConfig,
  RunResult,
  TrainRunOptions,
} from "./run-types.ts";
export { type LoadedRun, loadRun } from "./supervised/load.ts";
export {
  correctAt,
  crossEntropy,
  evaluateClassifier,
  Supervised,
  type SupervisedOptions,
} from "./supervised/supervised.ts";
export { TcrLearner, type TcrLearnerOptions } from "./tcr/learner.ts";
export { trainRun } from "./train-run.ts";

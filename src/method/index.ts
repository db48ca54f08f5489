/** @file How models learn, by recipe; runs. */

export * from "../recipe/index.ts";
export { batchOptions, buildModel, openSplit, randomOf, type Splits, withSplits } from "./build.ts";
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
export type { AnyRecipe, Conflict, MethodEntry } from "./entry.ts";
export { evaluateRun } from "./evaluate-run.ts";
export { type Findings, writeFindings } from "./findings.ts";
export { IctrlLearner, type IctrlOptions } from "./ictrl/learner.ts";
export { Memory, type MemoryOptions } from "./ictrl/memory.ts";
export { lastAndAverage, type Progression } from "./ictrl/tasks.ts";
export type { ChosenImages } from "./inspect-features.ts";
export * from "./language/index.ts";
export { trainLearner } from "./learner-run.ts";
export { type OpenedRun, openRun } from "./load-run.ts";
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
export type { Method, Scores, Trained, TrainPlace } from "./method.ts";
export { type OpenedModel, type OpenModelOptions, openModel } from "./open-model.ts";
export { type Origin, type Recipe, type ResolvedRecipe, resolveRecipe } from "./recipe.ts";
export * from "./redunet/index.ts";
export { methodNames, registerMethod } from "./registry.ts";
export type {
  EvaluateOptions,
  Inspection,
  InspectOptions,
  InspectRun,
  RunConfig,
  RunResult,
  TrainRunOptions,
} from "./run-types.ts";
export { SupervisedLearner, type SupervisedOptions } from "./supervised/learner.ts";
export { type LoadedRun, loadRun } from "./supervised/load.ts";
export { correctAt, crossEntropy, type Evaluation, evaluateClassifier } from "./supervised/supervised.ts";
export { TcrLearner, type TcrLearnerOptions } from "./tcr/learner.ts";
export { trainRun } from "./train-run.ts";
export { withImages } from "./with-images.ts";

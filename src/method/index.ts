/** @file How models learn and are judged; recipes and runs. */

export { batchOptions, buildModel, openSplit, randomOf } from "./build.ts";
export { evaluateRun } from "./evaluate-run.ts";
export { type LoadedRun, loadRun } from "./load-run.ts";
export { type Layer, type Origin, type Recipe, type ResolvedRecipe, resolveRecipe } from "./recipe.ts";
export { findRecipe, readSettings, recipeNames } from "./recipes.ts";
export type {
  EvaluateOptions,
  Inspection,
  InspectOptions,
  InspectRun,
  RunConfig,
  RunResult,
  TrainRunOptions,
} from "./run-types.ts";
export {
  correctAt,
  crossEntropy,
  evaluateClassifier,
  Supervised,
  type SupervisedOptions,
} from "./supervised.ts";
export { trainRun } from "./train-run.ts";

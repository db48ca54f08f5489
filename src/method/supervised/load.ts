/** @file A classifier back from its run folder. */

import type { ImageClassifier } from "../../model/index.ts";
import { freeCheckpoint, type LoadedCheckpoint } from "../../train/checkpoint.ts";
import { weightsOf } from "../../train/stateful.ts";
import { buildModel } from "../build.ts";
import { openRunOf } from "../load-run.ts";
import type { RunConfig } from "../run-types.ts";
import type { SupervisedRecipe } from "./recipe.ts";

export interface LoadedRun {
  recipe: SupervisedRecipe;
  /** With the checkpoint's weights (the averaged ones where there are), on the CPU; the caller frees it. */
  model: ImageClassifier;
  /** Name of the checkpoint's folder. */
  checkpoint: string;
}

/**
 * The model of a run, as it was at a checkpoint.
 * @param which `best`, `last`, or the name of a checkpoint's folder
 * @throws {UsageError} no run of a classifier in the folder; {CheckpointError} damaged, or another model's
 */
export function loadRun(folder: string, which: string): LoadedRun {
  const { recipe, checkpoint } = openRunOf(folder, which, ["supervised"], "loading a classifier");
  try {
    return { recipe, model: restoreModel(recipe, checkpoint), checkpoint: checkpoint.name };
  } finally {
    freeCheckpoint(checkpoint);
  }
}

/** A model with a checkpoint's weights, the averaged ones where there are. */
export function restoreModel(recipe: SupervisedRecipe, checkpoint: LoadedCheckpoint): ImageClassifier {
  const model = buildModel(recipe, (checkpoint.config as RunConfig).dataset);
  try {
    return model.load(weightsOf(checkpoint));
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** @file A run folder back into a model. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Crate, ViT } from "../model/index.ts";
import { UsageError } from "../tensor/index.ts";
import { freeCheckpoint, loadCheckpoint, requireModel } from "../train/checkpoint.ts";
import { buildModel } from "./build.ts";
import type { Recipe } from "./recipe.ts";
import type { RunConfig } from "./run-types.ts";

export interface LoadedRun {
  recipe: Recipe;
  /** With the checkpoint's weights (the averaged ones where there are), on the CPU; the caller frees it. */
  model: Crate | ViT;
  /** Name of the checkpoint's folder. */
  checkpoint: string;
}

/**
 * The model of a run, as it was at a checkpoint.
 * @param which `best`, `last`, or the name of a checkpoint's folder
 * @throws {UsageError} no run in the folder; {CheckpointError} damaged, or another model's
 */
export function loadRun(folder: string, which: string): LoadedRun {
  const path = join(folder, "recipe.json");
  if (!existsSync(path))
    throw new UsageError(`${folder}: expected a run folder, but it has no recipe.json`, { path });
  const recipe = readRecipe(path);
  const loaded = loadCheckpoint(join(folder, "checkpoints"), which);
  if (loaded === undefined)
    throw new UsageError(`${folder}: no checkpoint yet; train first`, { path: folder });
  const { name, config, model: weights, ema } = loaded;
  try {
    requireModel({ name, config }, recipe);
    const model = buildModel(recipe, (config as RunConfig).dataset);
    try {
      return { recipe, model: model.load(new Map([...weights, ...(ema ?? [])])), checkpoint: name };
    } catch (error) {
      model.dispose();
      throw error;
    }
  } finally {
    freeCheckpoint(loaded);
  }
}

function readRecipe(path: string): Recipe {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Recipe;
  } catch (cause) {
    throw new UsageError(`${path}: expected a run's recipe, got something that is not JSON`, { path, cause });
  }
}

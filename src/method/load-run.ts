/** @file A run folder back into a model. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Crate, ViT } from "../model/index.ts";
import { UsageError } from "../tensor/index.ts";
import { loadCheckpoint, requireModel } from "../train/checkpoint.ts";
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
  const recipe = JSON.parse(readFileSync(path, "utf8")) as Recipe;
  const loaded = loadCheckpoint(join(folder, "checkpoints"), which);
  if (loaded === undefined)
    throw new UsageError(`${folder}: no checkpoint yet; train first`, { path: folder });
  const { name, config, model: weights, optimizer, ema } = loaded;
  try {
    requireModel({ name, config }, recipe);
    const model = buildModel(recipe, (config as RunConfig).dataset);
    return { recipe, model: model.load(new Map([...weights, ...(ema ?? [])])), checkpoint: name };
  } finally {
    for (const tensors of [weights, optimizer, ema])
      for (const tensor of tensors?.values() ?? []) tensor.dispose();
  }
}

/** @file A run folder back into its recipe and a checkpoint. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { talk } from "../base/talk.ts";
import { readSettings } from "../recipe/recipes.ts";
import { layerOfRun } from "../recipe/renamed.ts";
import { UsageError } from "../tensor/index.ts";
import { freeCheckpoint, type LoadedCheckpoint, loadCheckpoint, requireModel } from "../train/checkpoint.ts";
import type { AnyRecipe } from "./entry.ts";
import { type MethodName, type Recipe, type RecipeOf, resolveRecipe } from "./recipe.ts";
import { requireRunConfig } from "./run-config.ts";

export interface OpenedRun<R extends AnyRecipe = Recipe> {
  recipe: R;
  /** The caller frees it. */
  checkpoint: LoadedCheckpoint;
}

/**
 * A run's recipe, and a checkpoint of it.
 * @param which `best`, `last`, or the name of a checkpoint's folder
 * @throws {UsageError} no run in the folder; {CheckpointError} damaged, or another model's
 * @typeParam R the recipe of its method, which the caller knows
 */
export function openRun<R extends AnyRecipe = Recipe>(folder: string, which: string): OpenedRun<R> {
  const recipe = readRecipe(folder) as AnyRecipe as R;
  const checkpoint = loadCheckpoint(join(folder, "checkpoints"), which);
  if (checkpoint === undefined)
    throw new UsageError(`${folder}: no checkpoint yet; train first`, { path: folder });
  try {
    requireModel(checkpoint, recipe);
    requireRunConfig(checkpoint);
  } catch (error) {
    freeCheckpoint(checkpoint);
    throw error;
  }
  return { recipe, checkpoint };
}

/** As `openRun`, of a run by one of these methods. @throws {UsageError} it is by another one */
export function openRunOf<M extends MethodName>(
  folder: string,
  which: string,
  methods: readonly M[],
  purpose: string,
): OpenedRun<RecipeOf<M> & Recipe> {
  const run = openRun(folder, which);
  const { name } = run.recipe.method;
  if (methods.some((method) => method === name)) return run as OpenedRun<RecipeOf<M> & Recipe>;
  freeCheckpoint(run.checkpoint);
  throw new UsageError(`${folder}: ${purpose} expects a run of ${methods.join(" or ")}, got one of ${name}`, {
    path: folder,
  });
}

/** The recipe of a run folder, checked as any other. @throws {UsageError} it is none, or its recipe is damaged */
export function readRecipe(folder: string): Recipe {
  const path = join(folder, "recipe.json");
  if (!existsSync(path))
    throw new UsageError(`${folder}: expected a run folder, but it has no recipe.json`, { path });
  return resolveRecipe([layerOfRun(readSettings(path), talk)]).recipe;
}

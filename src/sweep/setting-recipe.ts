/** @file The recipe of one run of a sweep, and its file for the program that trains it. */

import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { makeFolder, writeFileAtomic } from "../base/write-file.ts";
import { type Layer, type Recipe, resolveRecipe, treeOf } from "../method/recipe.ts";
import { layersOf } from "./grid.ts";
import type { SweepOptions } from "./programs.ts";
import type { SweepSetting } from "./sweep-file.ts";

/** The recipe of a setting. @throws {UsageError} its values do not go together */
export function recipeOf(
  { layers }: Pick<SweepOptions, "layers">,
  { values, length }: SweepSetting,
  seed: number,
): Recipe {
  const base = resolveRecipe(layers).recipe;
  const own: Layer[] =
    length === undefined ? [] : [{ origin: "budget", values: treeOf(lengthKey(base), length) }];
  return resolveRecipe([...layers, ...layersOf(values), ...own, { origin: "--seeds", values: { seed } }])
    .recipe;
}

/** What makes a run of this method shorter. @throws {UsageError} nothing does */
export function lengthKey({ method, train }: Recipe): string {
  const found = ["epochs", "steps"].find((name) => name in train);
  if (found !== undefined) return `train.${found}`;
  throw new UsageError(
    `a budget needs train.epochs or train.steps, which recipes of method ${method.name} have not`,
  );
}

/** Writes a recipe for a program to read, in a folder that lists of runs leave out. */
export function written(folder: string, name: string, recipe: Recipe): string {
  const recipes = join(folder, ".recipes");
  makeFolder(recipes);
  const path = join(recipes, `${name}.json`);
  writeFileAtomic(path, `${JSON.stringify(recipe, null, 2)}\n`);
  return path;
}

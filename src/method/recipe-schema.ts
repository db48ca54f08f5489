/** @file The schemas of recipes, one for each method: every key with its type, range, default and description. */
import type { z } from "zod";
import { cppRecipe } from "./cpp/recipe.ts";
import { ctrlRecipe } from "./ctrl/recipe.ts";
import { generativeRecipe } from "./generative/recipe.ts";
import { ictrlRecipe } from "./ictrl/recipe.ts";
import { incrementalRecipe } from "./incremental/recipe.ts";
import { languageRecipe } from "./language/recipe.ts";
import { maeRecipe } from "./mae/recipe.ts";
import { mcr2Recipe } from "./mcr2/recipe.ts";
import { probeRecipe } from "./probe/recipe.ts";
import { redunetRecipe } from "./redunet/recipe.ts";
import { supervisedRecipe } from "./supervised/recipe.ts";
import { tcrRecipe } from "./tcr/recipe.ts";

/** By the name of the method. */
export const recipeSchemas = {
  supervised: supervisedRecipe,
  mcr2: mcr2Recipe,
  redunet: redunetRecipe,
  ctrl: ctrlRecipe,
  ictrl: ictrlRecipe,
  incremental: incrementalRecipe,
  generative: generativeRecipe,
  tcr: tcrRecipe,
  cpp: cppRecipe,
  language: languageRecipe,
  mae: maeRecipe,
  probe: probeRecipe,
} as const;

export type MethodName = keyof typeof recipeSchemas;
export const methodNames = Object.keys(recipeSchemas) as MethodName[];

/** What a run of one method is made from, validated. */
export type RecipeOf<M extends MethodName> = z.infer<(typeof recipeSchemas)[M]>;

/** What a run is made from, validated. */
export type Recipe = { [M in MethodName]: RecipeOf<M> }[MethodName];

/** Whether a recipe is of this method. */
export const isOf = <M extends MethodName>(recipe: Recipe, method: M): recipe is RecipeOf<M> & Recipe =>
  recipe.method.name === method;

/** @file Settings in layers, and where recipes are. */

export type { Layer } from "./merge.ts";
export { findRecipe, readSettings, recipeNames } from "./recipes.ts";

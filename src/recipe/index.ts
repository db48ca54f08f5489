/** @file Settings in layers, and where recipes are. */

export type { Layer } from "./merge.ts";
export { modelOf, modelRule } from "./model-part.ts";
export * as parts from "./parts.ts";
export { recipeOf } from "./parts.ts";
export { findRecipe, readSettings, recipeNames } from "./recipes.ts";

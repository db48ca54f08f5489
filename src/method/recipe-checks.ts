/** @file What the values of a recipe must be to one another: checks that no single key's schema can make. */
import { dinoConflict } from "./dino/checks.ts";
import { languageConflict } from "./language/checks.ts";
import { maeConflict } from "./mae/checks.ts";
import { isOf, type Recipe } from "./recipe-schema.ts";
import { augmentConflict, modelConflict, supervisedConflict } from "./supervised/checks.ts";

/** A rule that a recipe breaks: the key to change, and why. */
export interface Conflict {
  path: string;
  message: string;
}

/** The first rule that the recipe breaks, if any. */
export function conflict(recipe: Recipe): Conflict | undefined {
  const { initKey, init } = recipe.method as { initKey?: string; init?: string };
  if (initKey !== undefined && init === undefined)
    return { path: "method.initKey", message: `names a part of the file method.init, which is not given` };
  if (isOf(recipe, "supervised")) return supervisedConflict(recipe);
  if (isOf(recipe, "language")) return languageConflict(recipe);
  if (isOf(recipe, "probe")) return modelConflict(recipe);
  if (isOf(recipe, "mae")) return maeConflict(recipe);
  if (isOf(recipe, "dino")) return dinoConflict(recipe);
  if (isOf(recipe, "ctrl")) {
    const { objective, inner } = recipe.method;
    if (objective === "features-first" && inner < 2)
      return {
        path: "method.inner",
        message: `features-first needs 2 encoder steps on each batch or more, received ${inner}`,
      };
  }
  if (isOf(recipe, "mcr2")) {
    const { batchSize } = recipe.train;
    const { classes, views } = recipe.method;
    if (classes === "views" && batchSize % views !== 0)
      return { path: "train.batchSize", message: `${batchSize} is no multiple of method.views ${views}` };
    return augmentConflict(recipe);
  }
  return undefined;
}

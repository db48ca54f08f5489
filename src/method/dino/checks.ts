/** @file What the values of a DINO recipe must be to one another. */
import { gridOf, sizeInWords } from "../../base/size.ts";
import { modelRule } from "../../recipe/model-part.ts";
import type { Conflict } from "../entry.ts";
import type { DinoRecipe } from "./recipe.ts";

/** The first rule that the recipe breaks, if any. */
export function dinoConflict(recipe: DinoRecipe): Conflict | undefined {
  const own = modelRule("backbone")(recipe);
  if (own !== undefined) return own;
  const { method, train } = recipe;
  const { patch } = recipe.model;
  if (method.localCrops > 0 && gridOf(method.localSize, patch) === undefined)
    return say(
      "method.localSize",
      `${sizeInWords(method.localSize)} is no multiple of model.patch ${sizeInWords(patch)}`,
    );
  for (const key of ["globalScale", "localScale"] as const)
    if (method[key][0] > method[key][1])
      return say(`method.${key}`, `${method[key].join(", ")}: the first is more than the second`);
  if (train.warmupEpochs > train.epochs)
    return say("train.warmupEpochs", `${train.warmupEpochs} is more than train.epochs ${train.epochs}`);
  return undefined;
}

const say = (path: string, message: string): Conflict => ({ path, message });

/** @file What the values of a DINO recipe must be to one another. */
import type { Conflict } from "../entry.ts";
import type { DinoRecipe } from "./recipe.ts";

/** The first rule that the recipe breaks, if any. */
export function dinoConflict({ model, method, train }: DinoRecipe): Conflict | undefined {
  const { name, patch, imageSize } = model;
  if (imageSize % patch !== 0)
    return say("model.patch", `${patch} does not divide model.imageSize ${imageSize}`);
  if (method.localCrops > 0 && method.localSize % patch !== 0)
    return say("method.localSize", `${method.localSize} is no multiple of model.patch ${patch}`);
  if (name === "crate" || name === "vit")
    for (const key of ["dim", "depth", "heads"] as const)
      if (model[key] === undefined)
        return say(
          `model.${key}`,
          `expected for model ${name}; give it, or take a model with a size such as ${name}_base`,
        );
  for (const key of ["globalScale", "localScale"] as const)
    if (method[key][0] > method[key][1])
      return say(`method.${key}`, `${method[key].join(", ")}: the first is more than the second`);
  if (train.warmupEpochs > train.epochs)
    return say("train.warmupEpochs", `${train.warmupEpochs} is more than train.epochs ${train.epochs}`);
  return undefined;
}

const say = (path: string, message: string): Conflict => ({ path, message });

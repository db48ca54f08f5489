/** @file What the values of a masked autoencoder's recipe must be to one another. */
import { areaOf } from "../../base/size.ts";
import { modelRule } from "../../recipe/model-part.ts";
import type { Conflict } from "../entry.ts";
import { augmentConflict } from "../supervised/checks.ts";
import type { MaeRecipe } from "./recipe.ts";

/** The first rule that the recipe breaks, if any. */
export function maeConflict(recipe: MaeRecipe): Conflict | undefined {
  const { model, method, train } = recipe;
  const own = modelRule("autoencoder")(recipe);
  if (own !== undefined) return own;
  const patches = areaOf(model.imageSize) / areaOf(model.patch);
  const kept = Math.floor(patches * (1 - method.maskRatio));
  if (kept < 1 || kept === patches)
    return say(
      "method.maskRatio",
      `${method.maskRatio} keeps ${kept} of ${patches} patches; some must be kept, not all`,
    );
  const changes = augmentConflict(recipe);
  if (changes !== undefined) return changes;
  if (train.warmupEpochs > train.epochs)
    return say("train.warmupEpochs", `${train.warmupEpochs} is more than train.epochs ${train.epochs}`);
  return undefined;
}

const say = (path: string, message: string): Conflict => ({ path, message });

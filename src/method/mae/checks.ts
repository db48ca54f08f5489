/** @file What the values of a masked autoencoder's recipe must be to one another. */
import type { Conflict } from "../entry.ts";
import { augmentConflict } from "../supervised/checks.ts";
import type { MaeRecipe } from "./recipe.ts";

/** The first rule that the recipe breaks, if any. */
export function maeConflict(recipe: MaeRecipe): Conflict | undefined {
  const { model, method, train } = recipe;
  const { name, patch, imageSize } = model;
  if (patch > imageSize)
    return say("model.patch", `${patch} is more than model.imageSize ${imageSize}: no patch fits the image`);
  if (imageSize % patch !== 0)
    return say("model.patch", `${patch} does not divide model.imageSize ${imageSize}`);
  const own = name === "vit_mae" ? (["decoderDim", "decoderDepth", "decoderHeads"] as const) : [];
  const sizes =
    name === "crate_mae" || name === "vit_mae" ? (["dim", "depth", "heads", ...own] as const) : [];
  for (const key of sizes)
    if (model[key] === undefined)
      return say(
        `model.${key}`,
        `expected for model ${name}; give it, or take a model with a size such as ${name}_base`,
      );
  const patches = (imageSize / patch) ** 2;
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

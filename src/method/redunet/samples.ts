/** @file The samples of a ReduNet's recipe: points of a mixture, pixels, circles, whole images. */

import type { Split } from "../../data/index.ts";
import { random, scope, tensor, UsageError } from "../../tensor/index.ts";
import { openWhole, placesIn } from "../build.ts";
import { rotationDigits, translationDigits } from "./digits.ts";
import { gaussianMixture, type Samples } from "./gaussians.ts";
import type { RedunetRecipe } from "./recipe.ts";

/** Dimension of the mixture that a name stands for. */
const MIXTURES: Record<string, 2 | 3> = { gaussian2d: 2, gaussian3d: 3 };

/**
 * The samples of a split; the caller frees X and labels.
 * @throws {UsageError} fewer images of a class than asked for, a form that does not fit the data
 */
export async function samplesOf(recipe: RedunetRecipe, split: Split): Promise<Samples> {
  const { name, form, perClass, testPerClass, classes, set, noise, radii, angles } = recipe.data;
  const asked = split === "train" ? perClass : testPerClass;
  const of = split === "test" ? "test" : "train";
  const dimension = MIXTURES[name];
  if (dimension !== undefined) {
    if (form !== "vectors")
      throw new UsageError(`data.form: ${name} has vectors only, got ${form}`, { path: "data.form" });
    const options = { set, perClass: of === "test" ? (asked ?? perClass) : perClass, noise };
    const drawn = gaussianMixture(dimension, options, random(recipe.seed).at(of));
    return split === "test" ? drawn : partOf(drawn, recipe, split);
  }
  const images = await openWhole({ data: recipe.data, seed: recipe.seed, model: {} }, split);
  const options = { perClass: asked ?? "all", ...(classes && { classes }) } as const;
  if (form === "rotation") return rotationDigits(images, { ...options, radii, angles });
  return scope(() => {
    const { X, ...rest } = translationDigits(images, options);
    return { X: form === "vectors" ? X.reshape([X.size(0), -1]) : X, ...rest };
  }, "samples");
}

/** What is learned from of drawn samples, or what is held out of them. */
function partOf(drawn: Samples, recipe: RedunetRecipe, split: "train" | "validation"): Samples {
  const places = placesIn(recipe, split, Int32Array.from(drawn.labels.numbers()));
  if (places === undefined) return drawn;
  const { X, labels, classes } = drawn;
  const chosen = scope(() => {
    const at = tensor(BigInt64Array.from(places, BigInt));
    return { X: X.indexSelect(0, at), labels: labels.indexSelect(0, at), classes };
  }, "split of samples");
  X.dispose();
  labels.dispose();
  return chosen;
}

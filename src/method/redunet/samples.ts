/** @file The samples of a ReduNet's recipe: points of a mixture, pixels, circles, whole images. */

import { random, scope, UsageError } from "../../tensor/index.ts";
import { openWhole } from "../build.ts";
import { rotationDigits, translationDigits } from "./digits.ts";
import { gaussianMixture, type Samples } from "./gaussians.ts";
import type { RedunetRecipe } from "./recipe.ts";

/** Dimension of the mixture that a name stands for. */
const MIXTURES: Record<string, 2 | 3> = { gaussian2d: 2, gaussian3d: 3 };

/**
 * The samples of a split; the caller frees X and labels.
 * @throws {UsageError} fewer images of a class than asked for, a form that does not fit the data
 */
export async function samplesOf(recipe: RedunetRecipe, split: "train" | "test"): Promise<Samples> {
  const { name, form, perClass, testPerClass, classes, set, noise, radii, angles } = recipe.data;
  const asked = split === "train" ? perClass : testPerClass;
  const dimension = MIXTURES[name];
  if (dimension !== undefined) {
    if (form !== "vectors")
      throw new UsageError(`data.form: ${name} has vectors only, got ${form}`, { path: "data.form" });
    const options = { set, perClass: asked ?? perClass, noise };
    return gaussianMixture(dimension, options, random(recipe.seed).at(split));
  }
  const images = await openWhole({ data: recipe.data, model: {} }, split);
  const options = { perClass: asked ?? "all", ...(classes && { classes }) } as const;
  if (form === "rotation") return rotationDigits(images, { ...options, radii, angles });
  return scope(() => {
    const { X, ...rest } = translationDigits(images, options);
    return { X: form === "vectors" ? X.reshape([X.size(0), -1]) : X, ...rest };
  }, "samples");
}

/** @file The classifier of a run, as a network. */

import { normalisation } from "../../data/index.ts";
import { imageInput, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import { restoreModel } from "./load.ts";
import type { SupervisedRecipe } from "./recipe.ts";

export const classifierNetwork: NetworkOf<SupervisedRecipe> = (recipe, { checkpoint }) => {
  const { channels, classes } = (checkpoint.config as RunConfig).dataset;
  const model = restoreModel(recipe, checkpoint);
  const normalise = normalisation({ name: recipe.data.name, channels }, recipe.data.normalise);
  const input = imageInput(recipe.model.imageSize, channels, normalise);
  return networkOf(recipe.model.name, model, [input], (X) => ({ logits: model.apply(X!) }), classes);
};

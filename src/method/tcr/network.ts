/** @file The encoder of a run, as a network. */

import { normalisation } from "../../data/index.ts";
import { imageInput, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import type { TcrRecipe } from "./recipe.ts";
import { restoreNet } from "./run.ts";

/** Pixels stay in [0, 1]. */
export const tcrNetwork: NetworkOf<TcrRecipe> = (recipe, { checkpoint }) => {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const encoder = restoreNet(recipe, checkpoint);
  const input = imageInput(
    recipe.model.imageSize,
    channels,
    normalisation({ name: recipe.data.name, channels }, "none"),
  );
  return networkOf(recipe.model.name, encoder, [input], (X) => ({ features: encoder.apply(X!) }));
};

/** @file The encoder of a run, as a network. */

import { normalisation } from "../../data/index.ts";
import { imageInput, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import type { Mcr2Recipe } from "./recipe.ts";
import { restoreEncoder } from "./run.ts";

/** Pixels stay in [0, 1]. */
export const mcr2Network: NetworkOf<Mcr2Recipe> = (recipe, { checkpoint }) => {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const encoder = restoreEncoder(recipe, checkpoint);
  const input = imageInput(
    recipe.model.imageSize,
    channels,
    normalisation({ name: recipe.data.name, channels }, "none"),
  );
  return networkOf(recipe.model.name, encoder, [input], (X) => ({ features: encoder.apply(X!) }));
};

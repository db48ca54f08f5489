/** @file The teacher's encoder of a run, as a network. */

import { normalisation } from "../../data/index.ts";
import { imageInput, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import type { DinoRecipe } from "./recipe.ts";
import { restorePair } from "./run.ts";

export const dinoNetwork: NetworkOf<DinoRecipe> = (recipe, { checkpoint }) => {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const pair = restorePair(recipe, checkpoint);
  const { backbone } = pair.teacher;
  const normalise = normalisation({ name: recipe.data.name, channels }, recipe.data.normalise);
  const input = imageInput(recipe.model.imageSize, channels, normalise);
  const network = networkOf(recipe.model.name, backbone, [input], (X) => ({ features: backbone.apply(X!) }));
  return { ...network, [Symbol.dispose]: () => pair.dispose() };
};

/** @file The encoder of a run, as a network. */

import { encoderAsNetwork, type NetworkOf } from "../network.ts";
import type { TcrRecipe } from "./recipe.ts";
import { restoreNet } from "./run.ts";

export const tcrNetwork: NetworkOf<TcrRecipe> = (recipe, from) =>
  encoderAsNetwork(recipe, from, restoreNet(recipe, from.checkpoint));

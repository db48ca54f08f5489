/** @file The encoder of a run, as a network. */

import { encoderAsNetwork, type NetworkOf } from "../network.ts";
import type { Mcr2Recipe } from "./recipe.ts";
import { restoreEncoder } from "./run.ts";

export const mcr2Network: NetworkOf<Mcr2Recipe> = (recipe, from) =>
  encoderAsNetwork(recipe, from, restoreEncoder(recipe, from.checkpoint));

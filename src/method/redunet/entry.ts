/** @file ReduNet: layers built from the data, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type RedunetRecipe, redunetRecipe } from "./recipe.ts";

export const redunet: MethodEntry<RedunetRecipe> = {
  schema: redunetRecipe,
  own: { redunet: "ReduNet, built from the data layer by layer, Chan et al. 2022" },
  load: async () => (await import("./run.ts")).redunetMethod,
  network: async () => (await import("./network.ts")).redunetNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectRedunet,
};

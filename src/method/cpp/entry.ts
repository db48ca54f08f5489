/** @file Clustering by rate reduction on features, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type CppRecipe, cppRecipe } from "./recipe.ts";

export const cpp: MethodEntry<CppRecipe> = {
  schema: cppRecipe,
  own: { cpp: "two layers on given features, heads for features and clusters, Chu et al. 2024" },
  load: async () => (await import("./run.ts")).cppMethod,
  network: async () => (await import("./network.ts")).headNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectCpp,
};

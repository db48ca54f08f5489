/** @file Total coding rate without labels, as a method of recipes. */

import { modelRule } from "../../recipe/model-part.ts";
import type { MethodEntry } from "../entry.ts";
import { type TcrRecipe, tcrRecipe } from "./recipe.ts";

export const tcr: MethodEntry<TcrRecipe> = {
  schema: tcrRecipe,
  conflict: modelRule("encoder"),
  load: async () => (await import("./run.ts")).tcrMethod,
  network: async () => (await import("./network.ts")).tcrNetwork,
  inspect: async () => (await import("../mcr2/inspect.ts")).inspectEncoder,
};

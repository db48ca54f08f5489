/** @file Maximal coding rate reduction, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type Mcr2Recipe, mcr2Conflict, mcr2Recipe } from "./recipe.ts";

export const mcr2: MethodEntry<Mcr2Recipe> = {
  schema: mcr2Recipe,
  conflict: mcr2Conflict,
  load: async () => (await import("./run.ts")).mcr2Method,
  network: async () => (await import("./network.ts")).mcr2Network,
  inspect: async () => (await import("./inspect.ts")).inspectEncoder,
};

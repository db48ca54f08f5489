/** @file Masked autoencoding, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { maeConflict } from "./checks.ts";
import { type MaeRecipe, maeRecipe } from "./recipe.ts";

export const mae: MethodEntry<MaeRecipe> = {
  schema: maeRecipe,
  conflict: maeConflict,
  load: async () => (await import("./run.ts")).maeMethod,
  network: async () => (await import("./network.ts")).maeNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectMae,
  reconstruct: async () => (await import("./pictures.ts")).drawReconstruction,
};

/** @file Self-supervision by crops and a teacher, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { dinoConflict } from "./checks.ts";
import { type DinoRecipe, dinoRecipe } from "./recipe.ts";

export const dino: MethodEntry<DinoRecipe> = {
  schema: dinoRecipe,
  conflict: dinoConflict,
  load: async () => (await import("./run.ts")).dinoMethod,
  network: async () => (await import("./network.ts")).dinoNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectDino,
};

/** @file Learning from labels, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { supervisedConflict } from "./checks.ts";
import { type SupervisedRecipe, supervisedRecipe } from "./recipe.ts";

export const supervised: MethodEntry<SupervisedRecipe> = {
  schema: supervisedRecipe,
  conflict: supervisedConflict,
  load: async () => (await import("./run.ts")).supervisedMethod,
  network: async () => (await import("./network.ts")).classifierNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectClassifier,
};

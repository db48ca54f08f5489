/** @file Language models, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { languageConflict } from "./checks.ts";
import { type LanguageRecipe, languageRecipe } from "./recipe.ts";

export const language: MethodEntry<LanguageRecipe> = {
  schema: languageRecipe,
  conflict: languageConflict,
  load: async () => (await import("./run.ts")).languageMethod,
  network: async () => (await import("./network.ts")).languageNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectLanguage,
};

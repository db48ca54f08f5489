/** @file A classifier on features that stay, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { modelConflict } from "../supervised/checks.ts";
import { type ProbeRecipe, probeRecipe } from "./recipe.ts";

export const probe: MethodEntry<ProbeRecipe> = {
  schema: probeRecipe,
  conflict: modelConflict,
  load: async () => (await import("./run.ts")).probeMethod,
  inspect: async () => (await import("./inspect.ts")).inspectProbe,
};

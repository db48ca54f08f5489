/** @file Classes in groups by other means than i-CTRL, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type IncrementalRecipe, incrementalRecipe } from "./recipe.ts";

export const incremental: MethodEntry<IncrementalRecipe> = {
  schema: incrementalRecipe,
  load: async () => (await import("./run.ts")).incrementalMethod,
  inspect: async () => (await import("./inspect.ts")).inspectIncremental,
};

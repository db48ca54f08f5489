/** @file Classes in groups by other means than i-CTRL, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type IncrementalRecipe, incrementalConflict, incrementalRecipe } from "./recipe.ts";

export const incremental: MethodEntry<IncrementalRecipe> = {
  schema: incrementalRecipe,
  conflict: incrementalConflict,
  load: async () => (await import("./run.ts")).incrementalMethod,
  inspect: async () => (await import("./inspect.ts")).inspectIncremental,
};

/** @file Classes in groups by other means than i-CTRL, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type IncrementalRecipe, incrementalConflict, incrementalRecipe } from "./recipe.ts";

export const incremental: MethodEntry<IncrementalRecipe> = {
  schema: incrementalRecipe,
  own: {
    classifier: "i-CTRL's encoder with a linear head",
    redunet: "ReduNet, built from the data layer by layer, Chan et al. 2022",
  },
  conflict: incrementalConflict,
  load: async () => (await import("./run.ts")).incrementalMethod,
  inspect: async () => (await import("./inspect.ts")).inspectIncremental,
};

/** @file Closed-loop transcription, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type CtrlRecipe, ctrlConflict, ctrlRecipe } from "./recipe.ts";

export const ctrl: MethodEntry<CtrlRecipe> = {
  schema: ctrlRecipe,
  conflict: ctrlConflict,
  load: async () => (await import("./run.ts")).ctrlMethod,
  network: async () => (await import("./network.ts")).closedLoopNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectClosedLoop,
  reconstruct: async () => (await import("./views.ts")).drawTranscription,
  sample: async () => (await import("./views.ts")).drawSamples,
  fidelity: async () => (await import("./generator.ts")).openClosedLoop,
};

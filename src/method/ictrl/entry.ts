/** @file Closed-loop transcription of classes in groups, as a method of recipes. */

import { modelRule } from "../../recipe/model-part.ts";
import type { MethodEntry } from "../entry.ts";
import { type IctrlRecipe, ictrlRecipe } from "./recipe.ts";

export const ictrl: MethodEntry<IctrlRecipe> = {
  schema: ictrlRecipe,
  conflict: modelRule("pair"),
  load: async () => (await import("./run.ts")).ictrlMethod,
  network: async () => (await import("../ctrl/network.ts")).closedLoopNetwork,
  inspect: async () => (await import("../ctrl/inspect.ts")).inspectClosedLoop,
  reconstruct: async () => (await import("../ctrl/views.ts")).drawTranscription,
  sample: async () => (await import("../ctrl/views.ts")).drawSamples,
  fidelity: async () => (await import("../ctrl/generator.ts")).openClosedLoop,
};

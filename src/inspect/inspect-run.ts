/** @file `vitrine inspect`: a run looked into as its method does, written as a report with figures, and shown as a table. */

import type { InspectRun } from "../method/index.ts";
import { readRecipe } from "../method/load-run.ts";
import type { MethodName } from "../method/recipe.ts";

/** How runs of each method are looked into. */
const INSPECTORS: Record<MethodName, () => Promise<InspectRun>> = {
  supervised: async () => (await import("../method/supervised/inspect.ts")).inspectClassifier,
  mcr2: async () => (await import("../method/mcr2/inspect.ts")).inspectEncoder,
  tcr: async () => (await import("../method/mcr2/inspect.ts")).inspectEncoder,
  cpp: async () => (await import("../method/cpp/inspect.ts")).inspectCpp,
  mae: async () => (await import("../method/mae/inspect.ts")).inspectMae,
  dino: async () => (await import("../method/dino/inspect.ts")).inspectDino,
  probe: async () => (await import("../method/probe/inspect.ts")).inspectProbe,
  redunet: async () => (await import("../method/redunet/inspect.ts")).inspectRedunet,
  incremental: async () => (await import("../method/incremental/inspect.ts")).inspectIncremental,
  generative: async () => (await import("../method/generative/inspect.ts")).inspectGenerative,
  ctrl: async () => (await import("../method/ctrl/inspect.ts")).inspectClosedLoop,
  ictrl: async () => (await import("../method/ctrl/inspect.ts")).inspectClosedLoop,
  language: async () => (await import("../method/language/inspect.ts")).inspectLanguage,
};

/**
 * Measures a checkpoint of a run on the CPU, and writes `report.json` and `figures/` into `output`, or into the run's
 * folder.
 * @throws {UsageError} no run in the folder; {CheckpointError} damaged, or another model's; {DataError} no data, or
 *   damaged; {DiskError} cannot be written
 */
export const inspectRun: InspectRun = async (folder, options) => {
  const inspect = await INSPECTORS[readRecipe(folder).method.name]();
  return await inspect(folder, options);
};

/** @file `vitrine inspect`: a run's layers measured, written as a report with figures, and shown as a table. */

import { basename, join, resolve } from "node:path";
import { normalisation } from "../data/index.ts";
import { writeFigures } from "../measure/figures.ts";
import { inspectModels } from "../measure/inspect-models.ts";
import { layerTable } from "../measure/layer-table.ts";
import { writeReport } from "../measure/report.ts";
import { buildModel, openSplit } from "../method/build.ts";
import { readRecipe } from "../method/load-run.ts";
import type { MethodName } from "../method/recipe.ts";
import type { InspectRun } from "../method/run-types.ts";
import { loadRun } from "../method/supervised/load.ts";
import type { DrawnClassifier } from "../model/index.ts";
import { UsageError } from "../tensor/index.ts";

/** Measures a checkpoint of a classifier beside the untrained weights of the same recipe and seed, on the CPU. */
const inspectClassifier: InspectRun = async (folder, options) => {
  const { name } = readRecipe(folder).model;
  if (!/^(crate(?!_alpha)|vit)/.test(name))
    return (await import("../method/supervised/inspect-successor.ts")).inspectSuccessor(folder, options);
  const { recipe, model, checkpoint } = loadRun(folder, options.checkpoint);
  using after = model as DrawnClassifier;
  const source = await openSplit(recipe, options.split);
  try {
    using before = buildModel(recipe, source) as DrawnClassifier;
    const report = await inspectModels({
      run: basename(resolve(folder)),
      modelName: recipe.model.name,
      before,
      after,
      source,
      split: options.split,
      normalise: { name: recipe.data.normalise, constants: normalisation(source, recipe.data.normalise) },
      imageSize: recipe.model.imageSize,
      checkpoint: { name: checkpoint, step: stepOf(checkpoint) },
      seed: recipe.seed,
      samples: options.samples,
    });
    const output = options.output ?? folder;
    writeReport(join(output, "report.json"), report);
    const figures = writeFigures(report, join(output, "figures"));
    return { report, table: layerTable(report), figures };
  } finally {
    await source.close();
  }
};

const refuseProbe: InspectRun = async (folder) => {
  throw new UsageError(
    `${folder}: a probe leaves its network as it was; inspect the run that its weights are from`,
    {
      path: folder,
    },
  );
};

/** How runs of each method are looked into. */
const INSPECTORS: Record<MethodName, () => Promise<InspectRun>> = {
  supervised: async () => inspectClassifier,
  mcr2: async () => (await import("../method/mcr2/inspect.ts")).inspectEncoder,
  tcr: async () => (await import("../method/mcr2/inspect.ts")).inspectEncoder,
  cpp: async () => (await import("../method/cpp/inspect.ts")).inspectCpp,
  mae: async () => (await import("../method/mae/inspect.ts")).inspectMae,
  dino: async () => (await import("../method/dino/inspect.ts")).inspectDino,
  probe: async () => refuseProbe,
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

/** 1000 of `step-00001000`. */
function stepOf(checkpoint: string): number | null {
  const digits = /^step-(\d+)$/.exec(checkpoint)?.[1];
  return digits === undefined ? null : Number(digits);
}

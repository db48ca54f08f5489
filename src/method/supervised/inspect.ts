/** @file Inside a classifier: its layers measured beside the untrained ones, as a report with figures and a table. */

import { basename, join, resolve } from "node:path";
import { normalisation } from "../../data/index.ts";
import { inspectModels, layerTable, writeFigures, writeReport } from "../../measure/index.ts";
import type { DrawnClassifier } from "../../model/index.ts";
import { buildModel, openSplit } from "../build.ts";
import { readRecipe } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { loadRun } from "./load.ts";

/** Measures a checkpoint of a classifier beside the untrained weights of the same recipe and seed, on the CPU. */
export const inspectClassifier: InspectRun = async (folder, options) => {
  const { name } = readRecipe(folder).model;
  if (!/^(crate(?!_alpha)|vit)/.test(name))
    return (await import("./inspect-successor.ts")).inspectSuccessor(folder, options);
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

/** 1000 of `step-00001000`. */
function stepOf(checkpoint: string): number | null {
  const digits = /^step-(\d+)$/.exec(checkpoint)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** @file `vitrine eval`: a trained run on the whole of a split. */

import { chooseDevice } from "../train/precision.ts";
import { batchOptions, openSplit } from "./build.ts";
import { loadRun } from "./load-run.ts";
import type { EvaluateOptions, Evaluation } from "./run-types.ts";
import { evaluateClassifier } from "./supervised.ts";

/** Top-1, top-5 and loss of a checkpoint over a split, without augmentation. */
export async function evaluateRun(folder: string, options: EvaluateOptions): Promise<Evaluation> {
  const { recipe, model } = loadRun(folder, options.checkpoint);
  using owned = model;
  const device = chooseDevice(recipe.train.device);
  owned.to(device);
  const source = await openSplit(recipe, options.split);
  try {
    return await evaluateClassifier(owned, source, batchOptions(recipe, source, device));
  } finally {
    await source.close();
  }
}

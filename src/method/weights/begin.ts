/** @file The start of a run from given weights: read, checked, copied in, and noted in the run's folder. */

import { join } from "node:path";
import type { Module } from "../../nn/index.ts";
import { writeFileAtomic } from "../../tensor/write-file.ts";
import { readWeights } from "./read.ts";
import { inWords, requireSettings, type Transfer, transfer } from "./transfer.ts";

/**
 * Copies the weights at `init` into a model, writes `init.json` into the run's folder and one line to stderr.
 *
 * @param settings the recipe's `model`
 * @throws {UsageError} nothing there, other settings; {CheckpointError} damaged, or of another family
 */
export function beginFrom(
  init: string,
  model: Module,
  settings: Readonly<Record<string, unknown>>,
  place: { output: string; progress: string },
): Transfer {
  using weights = readWeights(init);
  const found = transfer(model, weights.tensors, init);
  requireSettings(settings, weights.model, init); // after another family was refused, whose settings mean other things
  writeFileAtomic(join(place.output, "init.json"), `${JSON.stringify({ init, ...found }, null, 2)}\n`);
  if (place.progress !== "none") process.stderr.write(`init: ${inWords(found, init)}\n`);
  return found;
}

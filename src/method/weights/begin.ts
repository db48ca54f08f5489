/** @file The start of a run from given weights: read, checked, copied in, and noted. */

import type { Module } from "../../nn/index.ts";
import { talk } from "../../tensor/plain-text.ts";
import { readWeights } from "./read.ts";
import { inWords, requireSettings, transfer } from "./transfer.ts";

/** Where a run's folder says what it began from. */
export const INIT_FILE = "init.json";

/**
 * Copies the weights at `init` into a model, and writes one line to stderr.
 *
 * @param settings the recipe's `model`
 * @returns the text of `init.json`
 * @throws {UsageError} nothing there, other settings; {CheckpointError} damaged, or of another family
 */
export function beginFrom(
  init: string,
  model: Module,
  settings: Readonly<Record<string, unknown>>,
  { progress }: { progress: string },
): string {
  using weights = readWeights(init);
  const found = transfer(model, weights.tensors, init);
  requireSettings(settings, weights.model, init); // after another family was refused, whose settings mean other things
  if (progress !== "none") talk(`init: ${inWords(found, init)}`);
  return `${JSON.stringify({ init, ...found }, null, 2)}\n`;
}

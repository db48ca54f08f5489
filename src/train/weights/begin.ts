/** @file The start of a run from given weights: read, checked, copied in, and noted. */

import { talk } from "../../base/talk.ts";
import { localFile } from "../../data/index.ts";
import type { Module } from "../../nn/index.ts";
import { readWeights, type Weights } from "./read.ts";
import { recognise } from "./recognise.ts";
import { inWords, requireSettings, transfer } from "./transfer.ts";

/** Where a run's folder says what it began from. */
export const INIT_FILE = "init.json";

/**
 * Copies the weights at `init` into a model, and says on stderr what was taken.
 *
 * @param init where the weights are, and the part of a file that they are in
 * @param settings the recipe's `model`
 * @returns the text of `init.json`
 * @throws {UsageError} nothing there, other settings; {CheckpointError} damaged, or of another family
 */
export async function beginFrom(
  { init, initKey: key }: { init: string; initKey?: string | undefined },
  model: Module,
  settings: Readonly<Record<string, unknown>>,
  { progress }: { progress: string },
): Promise<string> {
  const path = await localFile(init, { say: (line) => talk(`init: ${line}`) });
  using weights = readWeights(path, key);
  const found = transfer(model, weights.tensors, init, weights.model);
  requireSettings(settings, weights.model, init); // after another family was refused, whose settings mean other things
  const lines = [...weights.notes, inWords(found, init), ...unseen(settings, weights, init)];
  if (progress !== "none") for (const line of lines) talk(`init: ${line}`);
  return `${JSON.stringify({ init, ...(path !== init && { path }), ...(key !== undefined && { key }), ...found }, null, 2)}\n`;
}

/** Of a file without settings: those of the recipe that its tensors neither confirm nor deny. */
function unseen(
  settings: Readonly<Record<string, unknown>>,
  { model, tensors }: Weights,
  init: string,
): string[] {
  const heads = settings.heads ?? recognise(tensors)?.heads;
  const words = Object.entries({ heads, eta: settings.eta, lambda: settings.lambda }).flatMap(
    ([key, value]) => (value === undefined ? [] : [`${key} ${value}`]),
  );
  if (model !== undefined || words.length === 0) return [];
  return [`no tensor of ${init} tells its ${words.join(", ")}: these are the recipe's`];
}

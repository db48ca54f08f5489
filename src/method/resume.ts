/** @file How a run begins: what it goes on from and whether it may, what is written first. */

import { join } from "node:path";
import { underNewNames } from "../base/renamed.ts";
import { talk } from "../base/talk.ts";
import { writeFileAtomic } from "../base/write-file.ts";
import { isSampled } from "../data/sets/fingerprint.ts";
import { layerOfRun } from "../recipe/renamed.ts";
import { CheckpointError, type Group, UsageError } from "../tensor/index.ts";
import {
  freeCheckpoint,
  type LoadedCheckpoint,
  loadCheckpoint,
  prepareCheckpoints,
  requireModel,
} from "../train/checkpoint.ts";
import { failpoint } from "../train/failpoint.ts";
import { differences, FREE, inWords, isTree } from "./differences.ts";
import type { AnyRecipe } from "./entry.ts";
import { resolveRecipe } from "./recipe.ts";
import { requireRunConfig } from "./run-config.ts";
import type { RunConfig, TrainRunOptions } from "./run-types.ts";
import { requireSame } from "./world.ts";

/** What rank 0 says to the others where a run starts afresh. */
const NO_CHECKPOINT = "";

/** What training needs of the place it writes to. */
export interface BegunRun {
  config: RunConfig;
  resume: LoadedCheckpoint | undefined;
}

/**
 * Reads the checkpoint to go on from, if there is to be one, and writes the recipe into the folder: it makes the folder
 * a run, so that nothing but temporary files comes before it.
 * @param files contents by name, written beside the recipe
 * @throws {CheckpointError} none is good, or it is another model's
 * @throws {UsageError} the recipe or the data has changed, or is not that of all processes, with the keys that differ
 */
export function beginRun(
  recipe: AnyRecipe,
  data: { fingerprint(): string; channels: number; classes: readonly string[]; vocabulary?: string },
  place: TrainRunOptions & { across?: Group | undefined },
  files: Readonly<Record<string, string>> = {},
): BegunRun {
  const { channels, classes, vocabulary } = data;
  const noted = { channels, classes, ...(vocabulary !== undefined && { vocabulary }) };
  const config: RunConfig = { ...recipe, dataset: { fingerprint: data.fingerprint(), ...noted } };
  const { across } = place;
  if (across !== undefined) {
    requireSame(across, config);
    if (across.rank > 0) return { config, resume: resumeFrom(config, { ...place, resume: across.text("") }) };
  }
  const resume = resumeFrom(config, place);
  across?.text(resume === undefined ? NO_CHECKPOINT : resume.name);
  prepareCheckpoints(join(place.output, "checkpoints"));
  failpoint("run.recipe");
  const written = { "recipe.json": `${JSON.stringify(recipe, null, 2)}\n`, ...files };
  for (const [name, text] of Object.entries(written)) writeFileAtomic(join(place.output, name), text);
  return { config, resume };
}

/**
 * The checkpoint to go on from, if its run was by this recipe and on this data; nothing where a run starts afresh.
 * @throws {CheckpointError} none is good, or it is another model's
 * @throws {UsageError} the recipe or the data has changed, with the keys that differ
 */
export function resumeFrom(
  config: RunConfig,
  { output, resume, allowConfigChange }: TrainRunOptions,
): LoadedCheckpoint | undefined {
  if (resume === undefined || resume === NO_CHECKPOINT) return undefined;
  const loaded = loadCheckpoint(join(output, "checkpoints"), resume);
  if (loaded === undefined) return undefined;
  try {
    for (const { name, reason } of loaded.skipped) talk(`warning: skipped ${name}: ${reason}`);
    requireMethod(loaded, config);
    requireModel(loaded, config);
    requireRunConfig(loaded);
    if (isSampled(config.dataset.fingerprint))
      talk("data: more than 1 GiB; a sample of them was compared with the run's");
    const before = inTodaysWords(loaded.config);
    const changed = differences(before, config).filter((path) => !FREE.has(path));
    if (changed.length > 0 && !allowConfigChange)
      throw new UsageError(
        `resume: the run in ${output} differs in ${inWords(changed)}; give the same settings, or --allow-config-change`,
      );
    if (changed.length > 0) {
      const told = (path: string) =>
        path.startsWith("dataset.") ? path : `${path} ${valueAt(before, path)} → ${valueAt(config, path)}`;
      talk(`resume: by other settings than the run's: ${inWords(changed.map(told))}`);
    }
    return { ...loaded, changed };
  } catch (error) {
    freeCheckpoint(loaded);
    throw error;
  }
}

/** Settings of a checkpoint as this version has them: under their names, with the defaults of keys that came later. */
function inTodaysWords(config: object): unknown {
  const { dataset, ...values } = config as RunConfig;
  try {
    return { ...resolveRecipe([layerOfRun({ origin: "config.json", values }, () => {})]).recipe, dataset };
  } catch (error) {
    if (error instanceof UsageError) return underNewNames(config).values; // no recipe of today: compared key by key
    throw error;
  }
}

/** @throws {CheckpointError} another method's, whatever may be changed: its state means other things */
function requireMethod({ name, config }: LoadedCheckpoint, wanted: RunConfig): void {
  const [saved, expected] = [valueAt(config, "method.name"), valueAt(wanted, "method.name")];
  if (saved === expected) return;
  throw new CheckpointError(
    `${name} is of a run by ${saved}, expected one by ${expected}; give the recipe that it was trained by`,
    {
      expected,
      received: saved,
    },
  );
}

/** The value at a dotted path, as JSON has it. */
function valueAt(tree: unknown, path: string): string {
  const value = path.split(".").reduce((at, key) => (isTree(at) ? at[key] : undefined), tree);
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "none");
}

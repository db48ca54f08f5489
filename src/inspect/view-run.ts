/** @file `vitrine inspect`, `reconstruct`, `sample`: a run shown as its method shows it. */

import { UsageError } from "../base/errors.ts";
import type { Views } from "../method/entry.ts";
import type { InspectRun } from "../method/index.ts";
import { readRecipe } from "../method/load-run.ts";
import { methodEntry, methodNames } from "../method/registry.ts";
import type { DrawRun, ReconstructOptions, SampleOptions } from "../method/views.ts";

/** What a run's method has for a command. @throws {UsageError} nothing: which methods have it */
export async function viewOf<V extends keyof Views>(folder: string, view: V) {
  const { name } = readRecipe(folder).method;
  const load = methodEntry(name)[view];
  if (load !== undefined) return (await load()) as Awaited<ReturnType<NonNullable<Views[V]>>>;
  const having = methodNames().filter((method) => methodEntry(method)[view] !== undefined);
  throw new UsageError(`${folder}: ${view} expects a run of ${having.join(", ")}, got one of ${name}`, {
    path: folder,
  });
}

/**
 * Measures a checkpoint of a run on the CPU, and writes `report.json` and `figures/` into `output`, or into the run's
 * folder.
 * @throws {UsageError} no run in the folder; {CheckpointError} damaged, or another model's; {DataError} no data, or
 *   damaged; {DiskError} cannot be written
 */
export const inspectRun: InspectRun = async (folder, options) =>
  await (await viewOf(folder, "inspect"))(folder, options);

/**
 * Draws images beside what a run's model makes of them.
 * @throws {UsageError} a run of a method that reconstructs nothing; masks for one that masks nothing
 */
export const reconstructRun: DrawRun<ReconstructOptions> = async (folder, options) =>
  await (await viewOf(folder, "reconstruct"))(folder, options);

/** Draws images that no image was given for. @throws {UsageError} a run of a method that draws nothing */
export const drawSamples: DrawRun<SampleOptions> = async (folder, options) =>
  await (await viewOf(folder, "sample"))(folder, options);

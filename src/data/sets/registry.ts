/** @file The data sets by name, those of this package and those that a plugin adds. */

import { UsageError } from "../../base/errors.ts";
import { hint } from "../../base/nearest.ts";
import type { RemoteSet } from "../fetch/remote.ts";
import { isTextName } from "../text/text-set.ts";
import type { Dataset, DatasetInfo, DatasetOptions } from "./dataset.ts";
import * as built from "./entries.ts";
import { type ImageSet, type ImageSource, imageSource } from "./image-set.ts";

const sets = new Map(Object.values(built).map((set): [string, Dataset] => [set.info.name, set]));

/** All data sets that a name opens. Numbers that depend on options are 0. */
export const datasets = (): DatasetInfo[] =>
  [...sets.values()].map(({ info, remote }) => ({ ...info, download: remote !== undefined }));

/** Where data sets are published, by name, of those that can be fetched. */
export const remotes = (): Readonly<Record<string, RemoteSet>> =>
  Object.fromEntries(
    [...sets].flatMap(([name, { remote }]) => (remote === undefined ? [] : [[name, remote]])),
  );

/** Adds a plugin's data set. @throws {UsageError} the name is taken, or is none */
export function registerDataset(set: Dataset): void {
  const { name } = set.info;
  if (sets.has(name)) throw new UsageError(`data set "${name}" is there already; choose another name`);
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name) || isTextName(name))
    throw new UsageError(`data set "${name}": expected a name of small letters, digits, dots and dashes`);
  sets.set(name, set);
}

/**
 * Opens a data set with all its images in memory: a name of `datasets()`, folder:PATH, or folder with `dir`.
 * @throws {UsageError} an unknown name; {DataError} the data are not there (with where they were looked for and what to
 *   do), damaged, or too large
 */
export async function openDataset(name: string, options: DatasetOptions): Promise<ImageSet> {
  const { set, at } = find(name);
  return await set.load(options, at);
}

/** As `openDataset`, but the images of a folder stay on disk and are decoded when they are asked for. */
export async function openSource(name: string, options: DatasetOptions): Promise<ImageSource> {
  const { set, at } = find(name);
  return (await set.open?.(options, at)) ?? imageSource(await set.load(options, at));
}

/** Sets that a path follows: `folder:PATH` is the set `folder` at PATH. */
const AT_A_PATH = ["folder", "shards"];

function find(name: string): { set: Dataset; at: string | undefined } {
  const set = sets.get(name);
  if (set !== undefined) return { set, at: undefined };
  const kind = AT_A_PATH.find((kind) => name.startsWith(`${kind}:`));
  if (kind !== undefined) return { set: sets.get(kind)!, at: name.slice(kind.length + 1) };
  if (isTextName(name))
    throw new UsageError(`${name} is a text, expected images; texts are for recipes of method language`);
  const names = [...sets.keys()];
  throw new UsageError(
    `unknown data set "${name}"${hint(name, names)}; there is ${names.join(", ")}, folder:PATH, shards:PATH`,
  );
}

/** @file The folder of a run's checkpoints: names, order, pointers, what is left over and what is too old. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CheckpointError } from "../base/errors.ts";
import { probeWritable, requireOwn, syncFolder, writeFileAtomic, writing } from "../base/write-file.ts";
import { failpoint } from "./failpoint.ts";

export interface CheckpointEntry {
  /** `step-00001000` */
  name: string;
  step: number;
  best: boolean;
  /** The one saved last. */
  last: boolean;
}

export type Pointer = "last" | "best";

export const nameOf = (step: number): string => `step-${String(step).padStart(8, "0")}`;

/** The files that hold the moments of P processes; in one file where they are not shared out. */
export const optimizerFiles = (P: number): string[] =>
  P === 1
    ? ["optimizer.safetensors"]
    : Array.from({ length: P }, (_, r) => `optimizer-${String(r).padStart(5, "0")}-of-${P}.safetensors`);

/** The step of a checkpoint's name; of any other name, nothing. */
function stepOf(name: string): number | undefined {
  const step = Number(/^step-(\d{8,})$/.exec(name)?.[1]);
  return nameOf(step) === name ? step : undefined;
}

/** Where a checkpoint steps aside to while another of the same name takes its place. */
const asideOf = (folder: string, name: string): string => join(folder, `.tmp-old-${name}`);

/** Where a checkpoint lies: a crash can have left it set aside, and then it is still good. */
export function pathOf(folder: string, name: string): string {
  const path = join(folder, name);
  const aside = asideOf(folder, name);
  return !existsSync(path) && existsSync(aside) ? aside : path;
}

/** The checkpoints of a folder by step, lowest first. @throws {CheckpointError} the folder cannot be read */
export function listCheckpoints(folder: string): CheckpointEntry[] {
  const names = new Set(entriesOf(folder).map((entry) => entry.replace(/^\.tmp-old-/, "")));
  const [last, best] = [readPointer(folder, "last"), readPointer(folder, "best")];
  const found = [...names].flatMap((name) => {
    const step = stepOf(name);
    if (step === undefined || !isFolder(pathOf(folder, name))) return [];
    return [{ name, step, best: name === best, last: name === last }];
  });
  return found.sort((a, b) => a.step - b.step);
}

/** Whether a folder holds the checkpoint of that name. */
export const holds = (folder: string, name: string): boolean =>
  listCheckpoints(folder).some((entry) => entry.name === name);

/**
 * Newest first. That is the last one saved and those before it, then those after it: they are from before the run
 * went back to an earlier checkpoint, or from a save that a crash cut short before the pointers moved.
 */
export function newestFirst(entries: readonly CheckpointEntry[]): CheckpointEntry[] {
  const last = entries.find((entry) => entry.last)?.step ?? Number.POSITIVE_INFINITY;
  return entries.toSorted((a, b) => Number(a.step > last) - Number(b.step > last) || b.step - a.step);
}

function entriesOf(folder: string): string[] {
  return reading(folder, () => readdirSync(folder)) ?? [];
}

const isFolder = (path: string): boolean => reading(path, () => statSync(path).isDirectory()) ?? false;

/** What `action` reads; nothing where there is no such file. @throws {CheckpointError} it cannot be read */
function reading<T>(path: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new CheckpointError(`${path} cannot be read (${code})`, { path, cause });
  }
}

/** The name in a pointer file; nothing where there is no such file, or no name in it. */
export function readPointer(folder: string, pointer: Pointer): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, pointer), "utf8");
  } catch {
    return undefined;
  }
  const name = text.trimEnd();
  return stepOf(name) === undefined ? undefined : name;
}

export function movePointer(folder: string, pointer: Pointer, name: string): void {
  failpoint("checkpoint.pointer");
  writeFileAtomic(join(folder, pointer), `${name}\n`);
}

/** Where it points at nothing, a pointer has no file. @throws {DiskError} the file cannot be removed */
export const removePointer = (folder: string, pointer: Pointer): void => remove(join(folder, pointer));

/**
 * To be called when a run starts, by the process that holds its lock: makes the folder, removes what a crash left
 * over, and tries that files can be made in it. @throws {DiskError} they cannot
 */
export function prepareCheckpoints(folder: string): void {
  makeFolder(folder);
  for (const pointer of ["last", "best"]) requireOwn(join(folder, pointer), "a file");
  removeLeftovers(folder);
  probeWritable(folder);
}

/** Makes the folder in a run folder that exists: one that has vanished is not made up for. */
export function makeFolder(folder: string): void {
  writing(folder, () => {
    if (requireOwn(folder, "a folder") !== undefined) return;
    mkdirSync(folder);
    syncFolder(dirname(folder));
  });
}

/** Undoes what a crash left half done: removes temporary folders and files, puts back what was set aside. */
export function removeLeftovers(folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry);
    const name = entry.replace(/^\.tmp-old-/, "");
    const setAside = name !== entry && stepOf(name) !== undefined;
    if (setAside && !existsSync(join(folder, name)))
      writing(join(folder, name), () => renameSync(path, join(folder, name)));
    else if (/^\.tmp-|^(last|best)\.tmp-/.test(entry)) remove(path);
  }
}

/** Gives a complete temporary folder its name; a checkpoint of that name is replaced. */
export function publish(folder: string, temporary: string, name: string): void {
  const path = join(folder, name);
  const aside = asideOf(folder, name);
  failpoint("checkpoint.rename");
  writing(path, () => {
    const replaced = existsSync(path);
    if (replaced) renameSync(path, aside);
    failpoint("checkpoint.replace");
    try {
      renameSync(temporary, path);
    } catch (error) {
      if (replaced) renameSync(aside, path);
      throw error;
    }
    failpoint("checkpoint.fsync");
    syncFolder(folder);
    if (replaced) remove(aside);
  });
}

/** Removes all checkpoints but the newest `keep`, the last and the best. */
export function prune(folder: string, keep: number): void {
  const old = newestFirst(listCheckpoints(folder)).slice(keep);
  for (const { name } of old.filter(({ last, best }) => !last && !best)) {
    failpoint("checkpoint.prune");
    const gone = join(folder, `.tmp-pruned-${name}`);
    // a name that exists is complete: the name goes first, then what it named
    writing(join(folder, name), () => renameSync(join(folder, name), gone));
    failpoint("checkpoint.prune");
    remove(gone);
  }
}

function remove(path: string): void {
  writing(path, () => rmSync(path, { recursive: true, force: true }));
}

/** @file What a process that was killed leaves in a run folder: a lock, temporary files. It counts as nothing. */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writing } from "../base/write-file.ts";
import { isAlive } from "./run-lock.ts";

/** `.tmp-step-00000010-4711`, `recipe.json.tmp-4711` */
const TEMPORARY = /^\.tmp-|\.tmp-\d+$/;
/** `report.json.tmp-4711`: may be written by a process that reads the run while it trains. */
const BY_READERS = /^report\.json\.tmp-(\d+)$/;

/**
 * The first file in a folder, or below it, that no killed run left there; nothing where only locks, temporary files and
 * empty folders are. Whether the holder of a lock still lives is for `lockRun` to find out.
 * @throws {DiskError} the folder cannot be read
 */
export function firstStranger(folder: string): string | undefined {
  for (const entry of writing(folder, () => readdirSync(folder, { withFileTypes: true }))) {
    const { name } = entry;
    if (TEMPORARY.test(name) || name.startsWith(".lock-")) continue;
    const found = entry.isDirectory() ? firstStranger(join(folder, name)) : "";
    if (found !== undefined) return join(name, found);
  }
  return undefined;
}

/**
 * Removes the temporary files of processes that have ended; to be called by the holder of the folder's lock.
 * @throws {DiskError} one cannot be removed
 */
export function removeTemporaries(folder: string): void {
  writing(folder, () => {
    for (const name of readdirSync(folder)) {
      const reader = BY_READERS.exec(name)?.[1];
      const live = reader !== undefined && isAlive(Number(reader));
      if (TEMPORARY.test(name) && !live) rmSync(join(folder, name), { recursive: true, force: true });
    }
  });
}

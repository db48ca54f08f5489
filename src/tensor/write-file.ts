/** @file Writing files so that they are complete or not there: short writes, full disks, atomic replacement. */

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DiskError } from "./errors.ts";

const REMEDY: Record<string, string> = {
  ENOSPC: "no space left on the disk; free some",
  EDQUOT: "the disk quota is used up; free some space",
  EFBIG: "the file would exceed the size limit; raise it (ulimit -f)",
  EACCES: "permission denied; choose a folder you may write to",
  EPERM: "permission denied; choose a folder you may write to",
  EROFS: "the disk is read-only; choose another folder",
  ENOENT: "the folder does not exist; it may have been removed",
  ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
  EIO: "the disk failed; check it",
};

/** Most bytes in one call: the system takes no more than 2 GiB. */
const MOST = 2 ** 30;

/** Runs `action`; an error of the file system becomes a `DiskError` that names `path` and what to do. */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
    const what = REMEDY[code] ?? "the file system refused";
    throw new DiskError(`cannot write ${path}: ${what} (${code})`, { path, cause: error });
  }
}

/**
 * Makes a folder and those above it. Node's own recursive form does not return where a parent takes no entries, as in
 * /proc. @throws {DiskError}
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  writing(path, () => mkdirSync(path));
}

/**
 * Writes all of `bytes` at the descriptor's position. On a nearly full disk the system writes a part and reports no
 * error: only the next call fails, so there has to be one.
 */
export function writeAll(fd: number, bytes: Uint8Array, write: typeof writeSync = writeSync): void {
  for (let done = 0; done < bytes.length; ) {
    done += write(fd, bytes, done, Math.min(bytes.length - done, MOST));
  }
}

/** Appends all of `bytes` to an open file, or nothing: what was written of them is cut off again when it fails. */
export function appendWhole(fd: number, bytes: Uint8Array): void {
  const { size } = fstatSync(fd);
  try {
    writeAll(fd, bytes);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
}

/**
 * Replaces the file at `path` by `chunks`: a reader sees the old file or the new one, also after a crash. Throws
 * `DiskError`, and then the old file is as it was.
 */
export function writeFileAtomic(path: string, chunks: Iterable<Uint8Array> | string): void {
  const parts = typeof chunks === "string" ? [new TextEncoder().encode(chunks)] : chunks;
  const temporary = `${path}.tmp-${process.pid}`;
  writing(path, () => {
    try {
      const fd = openSync(temporary, "w");
      try {
        for (const part of parts) writeAll(fd, part);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(dirname(path));
  });
}

/** Makes a rename in `folder` survive a power cut. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes `folder` if it is not there and tries that files can be made in it, so that a run fails at its start and not
 * at its first save. Throws `DiskError`.
 */
export function probeWritable(folder: string): void {
  makeFolder(folder);
  writing(folder, () => {
    const file = join(folder, `.tmp-probe-${process.pid}`);
    try {
      writeFileSync(file, "probe");
    } finally {
      rmSync(file, { force: true });
    }
  });
}

/** @file Writing files so that they are complete or not there: short writes, full disks, atomic replacement. */

import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
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
  ENXIO: "nobody reads it; start the reader first",
  EISDIR: "a folder of that name is there; choose another name",
  ELOOP: "its symbolic links lead in a circle; remove them",
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

/** Makes a folder of ours inside another. @throws {DiskError} a link or a file is there */
export function makeInnerFolder(path: string): string {
  if (requireOwn(path, "a folder") === undefined) makeFolder(path);
  return path;
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

/** What lies at `path` itself, a link not followed; nothing where nothing is. */
export const lstat = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/** What is there, in words. */
export function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isDirectory()) return "a folder";
  if (found.isSocket()) return "a socket";
  if (found.isFIFO()) return "a pipe";
  return found.isFile() ? "a file" : "a device";
}

/**
 * What lies at a path of ours; nothing where nothing is. A link or a device there would take what we write out of our
 * folder. @throws {DiskError} it is not of that kind
 */
export function requireOwn(path: string, kind: "a file" | "a folder"): Stats | undefined {
  const found = writing(path, () => lstat(path));
  if (found === undefined || kindOf(found) === kind) return found;
  throw new DiskError(`cannot write ${path}: expected ${kind}, it is ${kindOf(found)}; remove it`, { path });
}

/**
 * Replaces the file at `path` by `chunks`: a reader sees the old file or the new one, also after a crash. Permissions stay.
 * @throws {DiskError} it cannot be written, or is no regular file; what is there is as it was
 */
export function writeFileAtomic(path: string, chunks: Iterable<Uint8Array> | string): void {
  const parts = typeof chunks === "string" ? [new TextEncoder().encode(chunks)] : chunks;
  const temporary = `${path}.tmp-${process.pid}`;
  const old = requireOwn(path, "a file");
  writing(path, () => {
    try {
      const fd = openSync(temporary, "w", old?.mode);
      try {
        if (old !== undefined) fchmodSync(fd, old.mode);
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

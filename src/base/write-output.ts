/** @file Writing to a path that a person gave: links are followed, devices and pipes take the bytes, nothing is replaced but files. */

import { closeSync, constants, openSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DiskError } from "./errors.ts";
import { kindOf, lstat, writeAll, writeFileAtomic, writing } from "./write-file.ts";

/**
 * Writes `chunks` to `path`. A file is replaced as by `writeFileAtomic`, and so is the file that a symbolic link leads to;
 * a pipe, a terminal or another character device (`/dev/null`, `/dev/stdout`) is written as it is.
 *
 * @throws {DiskError} it cannot be written: a folder, a socket, a disk, a pipe that nobody reads
 */
export function writeOutput(path: string, chunks: Iterable<Uint8Array> | string): void {
  const target = writing(path, () => follow(path));
  const found = writing(path, () => statSync(target, { throwIfNoEntry: false }));
  const descriptor = openDescriptor(target);
  if (descriptor === undefined && (found === undefined || found.isFile())) {
    writeFileAtomic(target, chunks);
    return;
  }
  const parts = typeof chunks === "string" ? [new TextEncoder().encode(chunks)] : chunks;
  writing(path, () => {
    const fd = descriptor ?? openStream(path, found!);
    try {
      for (const part of parts) writeAll(fd, part);
    } finally {
      if (fd !== descriptor) closeSync(fd);
    }
  });
}

/** Where a path leads by its links, whether something is there or not; links to open files of a process stay. */
function follow(path: string, links = 40): string {
  if (links === 0 || !lstat(path)?.isSymbolicLink()) return path;
  const folder = realpathSync(dirname(path));
  if (folder.startsWith("/proc/")) return join(folder, basename(path));
  return follow(resolve(folder, readlinkSync(path)), links - 1);
}

/** The number of an open file of this process that has a name: `/dev/stdout` is `/proc/self/fd/1`. */
function openDescriptor(path: string): number | undefined {
  const [, process_, fd] = /^\/proc\/(\d+)\/fd\/(\d+)$/.exec(path) ?? [];
  return Number(process_) === process.pid ? Number(fd) : undefined;
}

function openStream(path: string, found: Stats): number {
  if (found.isFIFO())
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)); // fails where nobody reads
  else if (!found.isCharacterDevice())
    throw new DiskError(`cannot write ${path}: it is ${kindOf(found)}; choose another name`, { path });
  return openSync(path, constants.O_WRONLY);
}

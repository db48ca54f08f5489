/** @file A file as hyparquet reads it: the ranges it asks for, and no more. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { AsyncBuffer } from "hyparquet";
import { DataError } from "../../../base/errors.ts";

/** The caller closes it. @throws {DataError} it cannot be opened */
export function fileBuffer(path: string): AsyncBuffer & { close(): void } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw new DataError(`${path}: cannot be read: ${(cause as Error).message}`, { path, cause });
  }
  const { size } = fstatSync(file);
  return {
    byteLength: size,
    slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      if (readSync(file, bytes, 0, bytes.length, start) < bytes.length)
        throw new DataError(`${path}: ends before byte ${end}`, { path });
      return bytes.buffer;
    },
    close: () => closeSync(file),
  };
}

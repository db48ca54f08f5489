/** @file A Parquet file on disk, read where it is needed. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DataError } from "../../../base/errors.ts";
import type { Source } from "./table.ts";

/** The caller closes what is opened. @throws {DataError} it cannot be opened */
export function openFile(path: string): Source & Disposable {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw new DataError(`${path}: cannot be read: ${(cause as Error).message}`, { path, cause });
  }
  return {
    path,
    size: fstatSync(file).size,
    read(start, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const got = readSync(file, bytes, done, length - done, start + done);
        if (got === 0) throw new DataError(`${path}: it is cut off`, { path });
        done += got;
      }
      return bytes;
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

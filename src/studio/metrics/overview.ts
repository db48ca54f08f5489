/** @file A large file of numbers at a glance: some records at even distances in its bytes. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Columns } from "./columns.ts";
import { recordOf } from "./read-records.ts";

/** Records that are looked at. */
export const SAMPLED = 1024;

/** Bytes that are read for each: the rest of one line, and the next. */
const PIECE = 4096;

/** At once, since a thousand small reads take less than waiting for each. The first whole record behind each of 1,024 places. What lies between is not known: extremes can be missing. */
export function overviewOf(path: string): Columns {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const columns = new Columns();
    const bytes = Buffer.allocUnsafe(PIECE);
    let behind = -1;
    for (let i = 0; i < SAMPLED; i++) {
      const at = Math.floor((i * size) / SAMPLED);
      const length = readSync(file, bytes, 0, PIECE, at);
      const start = at === 0 ? 0 : bytes.indexOf(10) + 1;
      const end = bytes.indexOf(10, start);
      if ((at > 0 && start === 0) || end < 0 || end >= length || at + start <= behind) continue;
      behind = at + start;
      const record = recordOf(bytes.toString("utf8", start, end));
      if (record !== undefined) columns.add([record]);
    }
    columns.offset = size;
    return columns;
  } finally {
    closeSync(file);
  }
}

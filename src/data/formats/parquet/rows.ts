/** @file Rows of a Parquet file of any size: only the columns and the stretch that are asked for are read. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../../../base/errors.ts";

export interface Rows extends Disposable {
  readonly metadata: FileMetaData;
  /** First row of each group and the one after its last. */
  readonly groups: readonly (readonly [from: number, to: number])[];
  /** Rows `from` … `to` − 1 of one column; bytes stay bytes unless they are text. */
  column(name: string, [from, to]: readonly [number, number], as: "text" | "bytes"): Promise<unknown[]>;
}

/** The caller closes what is opened. @throws {DataError} it cannot be opened; {Error} it is damaged */
export async function openRows(path: string): Promise<Rows> {
  const file = ranges(path);
  const metadata = await parquetMetadataAsync(file).catch((error) => {
    file.close();
    throw error;
  });
  const groups: [number, number][] = [];
  for (const { num_rows } of metadata.row_groups) {
    const from = groups.at(-1)?.[1] ?? 0;
    groups.push([from, from + Number(num_rows)]);
  }
  return {
    metadata,
    groups,
    async column(name, [rowStart, rowEnd], as) {
      const options = { file, metadata, compressors, columns: [name], rowStart, rowEnd };
      const rows = await parquetReadObjects({ ...options, utf8: as === "text" });
      return rows.map((found) => found[name]);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** A file as hyparquet reads it. */
function ranges(path: string): AsyncBuffer & { close(): void } {
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

/** @file Parquet files with a column of lists (features) and one of whole numbers (labels). */

import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { DataError } from "../../tensor/errors.ts";
import { scope, tensor } from "../../tensor/index.ts";
import { type ArrayNames, checkFeatures, chooseNames, type Features } from "./features.ts";

/** Rows of a group that we write. */
const ROWS = 8192;

/**
 * Features of a Parquet file: a column of lists of numbers, all of one length; labels and names (text) where there are
 * such columns. @throws {DataError} not such a file
 */
export async function readParquet(path: string, given: ArrayNames): Promise<Features> {
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const present = parquetSchema(metadata).children.map(({ element }) => element.name);
    const chosen = chooseNames(present, given, path);
    const named = present.includes("names") && chosen.features !== "names";
    const columns = [chosen.features, ...(chosen.labels ? [chosen.labels] : []), ...(named ? ["names"] : [])];
    const n = Number(metadata.num_rows);
    const labels = new Float64Array(n);
    const names: string[] = [];
    let values = new Float32Array(0);
    let d = 0;
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows); // a group is decoded as a whole
      const rows = await parquetReadObjects({ file, metadata, columns, compressors, rowStart, rowEnd });
      for (const [i, row] of rows.entries()) {
        const at = rowStart + i;
        const list = row[chosen.features] as unknown;
        if (!(Array.isArray(list) || ArrayBuffer.isView(list)))
          return fail(`expected a list of numbers in row ${at} of ${JSON.stringify(chosen.features)}`);
        const items = list as ArrayLike<unknown>;
        if (at === 0) {
          d = items.length;
          values = new Float32Array(n * d);
        }
        if (items.length !== d) fail(`${items.length} numbers in row ${at}, expected ${d} as in row 0`);
        for (let j = 0; j < d; j++) values[at * d + j] = items[j] === null ? Number.NaN : Number(items[j]);
        if (chosen.labels) labels[at] = Number(row[chosen.labels] ?? Number.NaN);
        if (named) names.push(String(row.names));
      }
      rowStart = rowEnd;
    }
    if (rowStart !== n) fail(`${rowStart} rows in its groups, expected ${n}`);
    return scope(
      () =>
        checkFeatures(
          path,
          tensor(values, { shape: [n, d] }),
          chosen.labels ? tensor(labels) : undefined,
          named ? names : undefined,
        ),
      "parquet",
    );
  } catch (error) {
    if (error instanceof DataError) throw error;
    return fail(`not a Parquet file that can be read: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** The bytes of a Parquet file: features as lists of floats, "ys" as INT32, "names" as text. */
export function parquetBytes({ features, labels, names }: Features): Uint8Array {
  const values = features.data() as Float32Array;
  const d = features.size(1);
  const rows = Array.from({ length: features.size(0) }, (_, i) => [...values.subarray(i * d, (i + 1) * d)]);
  const schema: SchemaElement[] = [
    { name: "root", num_children: 1 + (labels ? 1 : 0) + (names ? 1 : 0) },
    { name: "features", repetition_type: "REQUIRED", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", type: "FLOAT" },
  ];
  if (labels) schema.push({ name: "ys", repetition_type: "REQUIRED", type: "INT32" });
  if (names)
    schema.push({ name: "names", repetition_type: "REQUIRED", type: "BYTE_ARRAY", converted_type: "UTF8" });
  const columnData = [
    { name: "features", data: rows },
    ...(labels ? [{ name: "ys", data: labels }] : []),
    ...(names ? [{ name: "names", data: [...names] }] : []),
  ];
  return new Uint8Array(parquetWriteBuffer({ schema, columnData, rowGroupSize: ROWS }));
}

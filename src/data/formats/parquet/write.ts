/** @file Features as a Parquet file. */

import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Features } from "../../features/features.ts";

/** Rows of a group that we write. */
const ROWS = 8192;

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

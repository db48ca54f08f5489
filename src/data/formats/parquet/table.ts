/** @file A Parquet file that is opened: its columns and its groups of rows, checked against its size. */

import { type ColumnMetaData, type FileMetaData, parquetMetadata } from "hyparquet";
import { DataError } from "../../../base/errors.ts";
import { Budget } from "./budget.ts";
import { type Page, pagesOf } from "./chunk.ts";
import { type Column, columnsOf } from "./schema.ts";
import { structExtent } from "./thrift.ts";

/** A file, or bytes that stand for one. */
export interface Source {
  path: string;
  size: number;
  /** @throws {Error} it cannot be read */
  read(start: number, length: number): Uint8Array;
}

export interface Table {
  columns: readonly Column[];
  /** Rows of each group. */
  groups: readonly number[];
  budget: Budget;
  /** What the writer noted, by key. */
  notes: ReadonlyMap<string, string>;
  /** How many values a column has in all. */
  count(column: Column): number;
  /** The pages of a column in one group. */
  pages(column: Column, group: number): Generator<Page>;
}

/** "PAR1" */
const MAGIC = 0x31524150;
/** Length of the file's description and the mark, at its end. */
const TAIL = 8;
/** Bytes that one value of the description takes in memory, at most. */
const BYTES_A_VALUE = 100;

/** Opens a file. @throws {Error} no Parquet file; damaged; counts beyond what its size can hold */
export function openTable(source: Source): Table {
  const budget = new Budget(source.path, source.size);
  const metadata = readDescription(source, budget);
  const columns = columnsOf(metadata.schema);
  const groups = metadata.row_groups.map(({ num_rows }) => whole(num_rows, "rows"));
  const rows = groups.reduce((sum, count) => sum + count, 0);
  if (rows !== whole(metadata.num_rows, "rows"))
    throw new DataError(`${rows} rows in its groups, expected ${metadata.num_rows}`);
  const chunk = (column: Column, group: number): ColumnMetaData => {
    const { meta_data, file_path } = metadata.row_groups[group]?.columns[column.place] ?? {};
    if (meta_data === undefined || file_path)
      throw new DataError(`${column.name} is encrypted, or in another file`);
    if (meta_data.type !== column.leaf.type) throw new DataError(`${column.name} is not of its type`);
    return meta_data;
  };
  return {
    columns,
    groups,
    budget,
    notes: new Map((metadata.key_value_metadata ?? []).map(({ key, value = "" }) => [key, value])),
    count: (column) =>
      groups.reduce((sum, _, group) => sum + whole(chunk(column, group).num_values, "values"), 0),
    pages: (column, group) => {
      const meta = chunk(column, group);
      const [first, dictionary] = [meta.data_page_offset, meta.dictionary_page_offset ?? 0n];
      const start = whole(dictionary > 0n && dictionary < first ? dictionary : first, "bytes");
      const length = whole(meta.total_compressed_size, "bytes");
      if (start + length > source.size) throw new DataError(`${column.name} lies outside the file`);
      return pagesOf(source.read(start, length), meta, column, budget);
    },
  };
}

function readDescription(source: Source, budget: Budget): FileMetaData {
  const cut = () => new DataError("it is cut off, or no Parquet file");
  if (source.size < TAIL + 4) throw cut();
  const tail = source.read(source.size - TAIL, TAIL);
  const view = new DataView(tail.buffer, tail.byteOffset, TAIL);
  const length = view.getUint32(0, true);
  if (view.getUint32(4, true) !== MAGIC || length > source.size - TAIL) throw cut();
  const bytes = source.read(source.size - TAIL - length, length + TAIL);
  budget.hold(BYTES_A_VALUE * structExtent(bytes.subarray(0, length), 0).values);
  return parquetMetadata(bytes, { geoparquet: false });
}

function whole(value: bigint, what: string): number {
  if (typeof value === "bigint" && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER))
    return Number(value);
  throw new DataError(`a count of ${value} ${what}`);
}

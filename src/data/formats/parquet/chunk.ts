/** @file The part of a column that lies in one group of rows: its pages, unpacked one after the other. */

import { crc32 } from "node:zlib";
import type { ColumnMetaData, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { DataError } from "../../../base/errors.ts";
import type { Budget } from "./budget.ts";
import { decompressPage } from "./codec.ts";
import { type Runs, readRuns } from "./runs.ts";
import type { Column } from "./schema.ts";
import { structExtent } from "./thrift.ts";
import type { Body } from "./values.ts";

/** Values in the header of a page; the format has 30 or so. */
const LONGEST_HEADER = 1000;

/** A page's values, with what says where rows begin and which values are there. */
export interface Page extends Body {
  dictionary: boolean;
  /** 0 where a row begins; nothing where each value is a row. */
  repetition?: Runs;
  /** Nothing where no value can be missing. */
  definition?: Runs;
}

/** The pages of a column chunk. @throws {Error} damaged, or larger than it may be */
export function* pagesOf(
  bytes: Uint8Array,
  meta: ColumnMetaData,
  column: Column,
  budget: Budget,
): Generator<Page> {
  let left = Number(meta.num_values);
  for (let at = 0; left > 0; ) {
    if (at >= bytes.length) throw new DataError(`${left} values fewer than the file says`);
    const { end, values } = structExtent(bytes, at);
    if (values > LONGEST_HEADER) throw new DataError(`a page's header of ${values} values`);
    const header = parquetHeader({
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      offset: at,
    });
    at = end + size(header.compressed_page_size);
    if (at > bytes.length) throw new DataError("a page that is cut off");
    if (header.type === "INDEX_PAGE") continue;
    const packed = bytes.subarray(end, at);
    if (typeof header.crc === "number" && crc32(packed) !== header.crc >>> 0)
      throw new DataError("a page that does not match its checksum");
    budget.page(size(header.uncompressed_page_size));
    const page = pageOf(header, packed, meta, column);
    if (!page.dictionary) left -= page.count;
    if (left < 0) throw new DataError(`${-left} values more than the file says`);
    yield page;
  }
}

function size(value: number | undefined): number {
  if (value !== undefined && Number.isInteger(value) && value >= 0) return value;
  throw new DataError(
    value === undefined ? "a page that does not say how long it is" : `a page of ${value} bytes`,
  );
}

function pageOf(header: PageHeader, packed: Uint8Array, { codec }: ColumnMetaData, column: Column): Page {
  const whole = size(header.uncompressed_page_size);
  if (header.type === "DICTIONARY_PAGE") {
    const { num_values, encoding } = header.dictionary_page_header ?? missing();
    if (encoding !== "PLAIN" && encoding !== "PLAIN_DICTIONARY")
      throw new DataError(`a dictionary encoded by ${encoding}`);
    const bytes = decompressPage(codec, packed, whole);
    return { dictionary: true, bytes, encoding: "PLAIN", count: size(num_values) };
  }
  const widths = { repetition: column.list ? 1 : 0, definition: 32 - Math.clz32(column.defined) };
  if (header.type === "DATA_PAGE_V2") {
    const v2 = header.data_page_header_v2 ?? missing();
    const [first, second] = [size(v2.repetition_levels_byte_length), size(v2.definition_levels_byte_length)];
    const levels = first + second;
    if (levels > packed.length || levels > whole) throw new DataError("levels longer than their page");
    const body = packed.subarray(levels);
    return {
      dictionary: false,
      bytes: v2.is_compressed === false ? body : decompressPage(codec, body, whole - levels),
      encoding: v2.encoding,
      count: size(v2.num_values),
      ...(column.list && { repetition: { bytes: packed, at: 0, end: first, width: widths.repetition } }),
      ...(column.defined > 0 && {
        definition: { bytes: packed, at: first, end: levels, width: widths.definition },
      }),
    };
  }
  if (header.type !== "DATA_PAGE") throw new DataError("a page of an unknown kind");
  const v1 = header.data_page_header ?? missing();
  const bytes = decompressPage(codec, packed, whole);
  let at = 0;
  const levels = (width: number, encoding: string | undefined): Runs => {
    if (encoding !== "RLE") throw new DataError(`levels encoded by ${encoding}, which are not read`);
    if (at + 4 > bytes.length) throw new DataError("a page that is cut off");
    const start = at + 4;
    at = start + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    if (at > bytes.length) throw new DataError("levels longer than their page");
    return { bytes, at: start, end: at, width };
  };
  const repetition = column.list && levels(widths.repetition, v1.repetition_level_encoding);
  const definition = column.defined > 0 && levels(widths.definition, v1.definition_level_encoding);
  return {
    dictionary: false,
    bytes: bytes.subarray(at),
    encoding: v1.encoding,
    count: size(v1.num_values),
    ...(repetition && { repetition }),
    ...(definition && { definition }),
  };
}

function missing(): never {
  throw new DataError("a page without its header");
}

/** The row, counted from `first`, that the value at a place of a page belongs to. */
export function rowOf({ repetition }: Page, place: number, first: number): number {
  if (repetition === undefined) return first + place;
  let rows = 0;
  readRuns(repetition, place + 1, (level, times) => {
    if (level === 0) rows += times;
  });
  return first + rows - 1;
}

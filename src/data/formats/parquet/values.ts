/** @file The values of a page, in each of Parquet's encodings, as numbers or as text. */

import type { Encoding, SchemaElement } from "hyparquet";
import { parseFloat16 } from "hyparquet/src/convert.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { DataError } from "../../../base/errors.ts";
import { readRuns } from "./runs.ts";

/** The part of a page that holds values. */
export interface Body {
  bytes: Uint8Array;
  encoding: Encoding | undefined;
  count: number;
}

export type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Bytes of a number as it lies in a page. */
const WIDTHS = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8, FIXED_LEN_BYTE_ARRAY: 2 } as const;

/** Numbers; whole ones beyond 2⁵³, which a number of JavaScript does not hold, are NaN. @throws {DataError} damaged */
export function numbersOf({ bytes, encoding, count }: Body, leaf: SchemaElement): Numbers {
  if (leaf.type === "BOOLEAN") return booleans(bytes, encoding, count);
  const width = WIDTHS[leaf.type as keyof typeof WIDTHS];
  if (encoding === "DELTA_BINARY_PACKED" && (leaf.type === "INT32" || leaf.type === "INT64"))
    return asNumbers(deltas(bytes, count, leaf.type).values, leaf);
  const plain = encoding === "PLAIN";
  if (!plain && encoding !== "BYTE_STREAM_SPLIT") throw unread(encoding);
  if (bytes.length < count * width) cutOff();
  return asNumbers(plain ? aligned(bytes, count, width) : joined(bytes, count, width), leaf);
}

/** The values' bytes, at a place where a typed array may begin. */
function aligned(bytes: Uint8Array, count: number, width: number): Uint8Array {
  const own = bytes.subarray(0, count * width);
  return own.byteOffset % width === 0 ? own : new Uint8Array(own);
}

/** From the first bytes of all values, then the second ones, … */
function joined(bytes: Uint8Array, count: number, width: number): Uint8Array {
  const out = new Uint8Array(count * width);
  for (let b = 0; b < width; b++) for (let i = 0; i < count; i++) out[i * width + b] = bytes[b * count + i]!;
  return out;
}

function asNumbers(raw: Uint8Array | Int32Array | BigInt64Array, leaf: SchemaElement): Numbers {
  const { byteOffset, byteLength } = raw;
  const buffer = raw.buffer as ArrayBuffer;
  const { type, converted_type, logical_type } = leaf;
  const unsigned =
    converted_type?.startsWith("UINT") || (logical_type?.type === "INTEGER" && !logical_type.isSigned);
  if (type === "FLOAT") return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (type === "DOUBLE") return new Float64Array(buffer, byteOffset, byteLength / 8);
  if (type === "INT32") return new (unsigned ? Uint32Array : Int32Array)(buffer, byteOffset, byteLength / 4);
  if (type === "INT64") {
    const Wide = unsigned ? BigUint64Array : BigInt64Array;
    return Float64Array.from(new Wide(buffer, byteOffset, byteLength / 8) as Iterable<bigint>, exactly);
  }
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return Float32Array.from(
    { length: byteLength / 2 },
    (_, i) => parseFloat16(bytes.subarray(2 * i, 2 * i + 2))!,
  );
}

const MOST = 2 ** 53;

function exactly(value: bigint): number {
  const number = Number(value);
  return number >= -MOST && number <= MOST && BigInt(number) === value ? number : Number.NaN;
}

function booleans(bytes: Uint8Array, encoding: Encoding | undefined, count: number): Uint8Array {
  const out = new Uint8Array(count);
  if (encoding === "RLE") {
    if (bytes.length < 4) cutOff();
    let filled = 0;
    readRuns({ bytes, at: 4, end: bytes.length, width: 1 }, count, (value, times) => {
      out.fill(value & 1, filled, filled + times);
      filled += times;
    });
    return out;
  }
  if (encoding !== "PLAIN") throw unread(encoding);
  if (bytes.length * 8 < count) cutOff();
  return out.map((_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
}

/** Whole numbers as differences, and where they end. */
function deltas(
  bytes: Uint8Array,
  count: number,
  type: "INT32" | "INT64",
): { values: Int32Array | BigInt64Array; end: number } {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  // what the decoder takes for granted: 1 to 2¹⁶ numbers in a block, of which each part has a multiple of 32
  const [block, parts] = [small(), small()];
  if (!(parts >= 1 && block <= 65_536 && block % (32 * parts) === 0))
    throw new DataError("damaged differences in a page");
  reader.offset = 0;
  const values = type === "INT32" ? new Int32Array(count) : new BigInt64Array(count);
  if (count > 0) deltaBinaryUnpack(reader, count, values);
  return { values, end: reader.offset };

  function small(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const next = bytes[reader.offset++] ?? cutOff();
      value += (next & 127) << shift;
      if (next < 128) return value;
    }
    return cutOff();
  }
}

/** Texts. @param hold is told the bytes that each takes. @throws {DataError} damaged, not UTF-8 */
export function textsOf(body: Body, leaf: SchemaElement, hold: (bytes: number) => void): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  eachBytes(body, leaf, hold, (part) => {
    hold(2 * part.length + 32);
    texts.push(decoder.decode(part));
  });
  return texts;
}

/** The same as bytes of their own. */
export function bytesOf(body: Body, leaf: SchemaElement, hold: (bytes: number) => void): Uint8Array[] {
  const values: Uint8Array[] = [];
  eachBytes(body, leaf, hold, (part) => {
    hold(part.length + 100);
    values.push(part.slice());
  });
  return values;
}

function eachBytes(
  { bytes, encoding, count }: Body,
  leaf: SchemaElement,
  hold: (bytes: number) => void,
  take: (part: Uint8Array) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (start: number, length: number): Uint8Array =>
    length >= 0 && start + length <= bytes.length ? bytes.subarray(start, start + length) : cutOff();

  if (encoding === "PLAIN") {
    for (let i = 0, from = 0; i < count; i++) {
      const length = leaf.type === "BYTE_ARRAY" ? view.getUint32(from, true) : (leaf.type_length ?? 0);
      if (leaf.type === "BYTE_ARRAY") from += 4;
      take(at(from, length));
      from += length;
    }
  } else if (encoding === "DELTA_LENGTH_BYTE_ARRAY" || encoding === "DELTA_BYTE_ARRAY") {
    const shared = encoding === "DELTA_BYTE_ARRAY" ? deltas(bytes, count, "INT32") : undefined;
    const rest = bytes.subarray(shared?.end ?? 0);
    const lengths = deltas(rest, count, "INT32");
    let from = (shared?.end ?? 0) + lengths.end;
    let last = new Uint8Array(0);
    for (let i = 0; i < count; i++) {
      const own = at(from, Number(lengths.values[i]));
      const kept = Number(shared?.values[i] ?? 0);
      if (!(kept >= 0 && kept <= last.length)) cutOff();
      hold(kept);
      last = Buffer.concat([last.subarray(0, kept), own]);
      take(last);
      from += own.length;
    }
  } else throw unread(encoding);
}

const unread = (encoding: Encoding | undefined): DataError =>
  new DataError(`values encoded by ${encoding ?? "an unknown method"}, which are not read`);

function cutOff(): never {
  throw new DataError("a page with fewer values than it says");
}

/** @file Thrift's compact form, walked before it is read: nothing in it may claim more than the file has. */

import { DataError } from "../../../base/errors.ts";

const DEEPEST = 16;
const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12,
] as const;

/** Where a struct ends, and how many values are in it, its own and those of its parts. */
export interface Extent {
  end: number;
  values: number;
}

/** Walks the struct at a place. @throws {DataError} it goes on beyond the bytes, or nests deeper than Parquet does */
export function structExtent(bytes: Uint8Array, start: number): Extent {
  let at = start;
  let values = 0;
  struct(0);
  return { end: at, values };

  function struct(depth: number): void {
    if (depth > DEEPEST) fail("is nested too deeply");
    for (;;) {
      const head = byte();
      const type = head & 15;
      if (type === STOP) return;
      if (head >> 4 === 0) varint();
      value(type, depth, false);
    }
  }

  function value(type: number, depth: number, inList: boolean): void {
    values++;
    if (type === TRUE || type === FALSE) at += inList ? 1 : 0;
    else if (type === BYTE) at += 1;
    else if (type === I16 || type === I32 || type === I64) varint();
    else if (type === DOUBLE) at += 8;
    else if (type === BINARY) skip(varint());
    else if (type === LIST) list(depth);
    else if (type === STRUCT) struct(depth + 1);
    else fail(`has a value of type ${type}`);
    if (at > bytes.length) fail("is cut off");
  }

  function list(depth: number): void {
    const head = byte();
    const count = head >> 4 === 15 ? varint() : head >> 4;
    if (count > bytes.length - at) fail(`has a list of ${count} values`); // each takes a byte or more
    for (let i = 0; i < count; i++) value(head & 15, depth + 1, true);
  }

  function skip(length: number): void {
    at += length;
  }

  function byte(): number {
    if (at >= bytes.length) fail("is cut off");
    return bytes[at++]!;
  }

  function varint(): number {
    let [result, scale] = [0, 1];
    for (let length = 0; length < 10; length++) {
      const next = byte();
      result += (next & 127) * scale;
      if (next < 128) return result;
      scale *= 128;
    }
    return fail("has a number of more than 64 bits");
  }
}

function fail(what: string): never {
  throw new DataError(`a header that ${what}`);
}

/** @file Parquet's mixture of repeated and packed small numbers: levels, places in a dictionary, booleans. */

import { DataError } from "../../../base/errors.ts";

/** Where such numbers lie. */
export interface Runs {
  bytes: Uint8Array;
  at: number;
  end: number;
  /** Bits of a number: 0 to 32. */
  width: number;
}

/**
 * Gives the first `count` numbers, `times` equal ones at once.
 * @throws {DataError} there are fewer
 */
export function readRuns(
  { bytes, at: start, end: given, width }: Runs,
  count: number,
  take: (value: number, times: number) => void,
): void {
  if (width > 32) throw new DataError(`numbers of ${width} bits in a page`);
  const end = Math.min(given, bytes.length);
  const wide = Math.ceil(width / 8);
  let at = start;
  for (let left = count; left > 0; ) {
    const head = varint();
    if (head % 2 === 0) {
      const times = Math.min(head / 2, left);
      if (at + wide > end) cutOff();
      let value = 0;
      for (let i = 0; i < wide; i++) value += bytes[at++]! * 2 ** (8 * i);
      if (times > 0) take(value, times);
      left -= times;
    } else {
      const packed = (head - 1) * 4; // groups of eight
      const times = Math.min(packed, left);
      if (at + Math.ceil((times * width) / 8) > end) cutOff();
      unpack(times);
      at += (packed * width) / 8;
      left -= times;
    }
  }

  /** Lowest bits first. */
  function unpack(times: number): void {
    let [from, held, bits] = [at, 0, 0];
    const scale = 2 ** width;
    for (let i = 0; i < times; i++) {
      for (; bits < width; bits += 8) held += bytes[from++]! * 2 ** bits; // below 2⁴⁰
      take(held % scale, 1);
      held = Math.floor(held / scale);
      bits -= width;
    }
  }

  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) cutOff();
      const next = bytes[at++]!;
      value += (next & 127) * 2 ** shift;
      if (next < 128) return value;
    }
    return cutOff();
  }
}

function cutOff(): never {
  throw new DataError("a page with fewer values than it says");
}

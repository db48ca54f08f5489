/** @file Lines of metrics.jsonl into columns without making objects of them: most lines have the names of the one before. */

import type { Column, Columns } from "./columns.ts";
import { recordOf } from "./read-records.ts";

/** `,"train/loss":` and the column that the number behind it goes to. */
interface Field {
  readonly before: Uint8Array;
  readonly column: Column | undefined;
}

const [NEWLINE, END, MINUS, PLUS, POINT, ZERO, NINE, CAPITAL_E, SMALL_E] = [
  10, 125, 45, 43, 46, 48, 57, 69, 101,
];

/** Powers that a double has exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * Puts numbers of lines into columns. A line of other names, with texts or with what is no number is read as JSON, and
 * its names are expected next.
 */
export class Scanner {
  private fields: Field[] = [];
  private bytes: Uint8Array = new Uint8Array();
  private at = 0;
  private readonly numbers: number[] = [];

  constructor(private readonly columns: Columns) {}

  /** @param bytes whole lines */
  add(bytes: Uint8Array): void {
    this.bytes = bytes;
    for (this.at = 0; this.at < bytes.length; ) {
      const start = this.at;
      if (this.line()) continue;
      const end = bytes.indexOf(NEWLINE, start);
      this.slowly(bytes.subarray(start, end));
      this.at = end + 1;
    }
  }

  /** A line like the one before; false where it is another, and nothing is noted then. */
  private line(): boolean {
    const { bytes, fields, numbers, columns } = this;
    for (let i = 0; i < fields.length; i++) {
      const { before } = fields[i]!;
      for (let k = 0; k < before.length; k++) if (bytes[this.at + k] !== before[k]) return false;
      this.at += before.length;
      const number = this.number();
      if (number === undefined) return false;
      numbers[i] = number;
    }
    if (fields.length === 0 || bytes[this.at] !== END || bytes[this.at + 1] !== NEWLINE) return false;
    this.at += 2;
    for (let i = 1; i < fields.length; i++) fields[i]!.column?.add(numbers[0]!, numbers[i]!);
    columns.rows++;
    return true;
  }

  /** As JSON has numbers, to the last digit but one of a double: columns are of floats. */
  private number(): number | undefined {
    const { bytes } = this;
    const isNegative = bytes[this.at] === MINUS;
    let at = isNegative ? this.at + 1 : this.at;
    let [mantissa, scale, digits] = [0, 0, 0];
    const first = at;
    for (let d = bytes[at]!; d >= ZERO && d <= NINE; d = bytes[++at]!, digits++)
      mantissa = mantissa * 10 + d - ZERO;
    if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return undefined;
    if (bytes[at] === POINT) {
      const point = at++;
      for (let d = bytes[at]!; d >= ZERO && d <= NINE; d = bytes[++at]!) mantissa = mantissa * 10 + d - ZERO;
      scale = point + 1 - at;
      if (scale === 0) return undefined;
    }
    if (bytes[at] === SMALL_E || bytes[at] === CAPITAL_E) {
      const sign = bytes[++at];
      if (sign === MINUS || sign === PLUS) at++;
      let [exponent, start] = [0, at];
      for (let d = bytes[at]!; d >= ZERO && d <= NINE; d = bytes[++at]!) exponent = exponent * 10 + d - ZERO;
      if (at === start) return undefined;
      scale += sign === MINUS ? -exponent : exponent;
    }
    this.at = at;
    const size = Math.abs(scale);
    const power = size < POWERS.length ? POWERS[size]! : 10 ** size;
    const value = scale < 0 ? mantissa / power : mantissa * power;
    return isNegative ? -value : value;
  }

  private slowly(line: Uint8Array): void {
    const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("utf8");
    const record = recordOf(text);
    if (record === undefined) {
      this.columns.damaged++;
      return;
    }
    this.columns.add([record]);
    const entries = Object.entries(record);
    // as training writes it: the step first, then numbers, without a space; else the next line is read as JSON too
    const isPlain = entries[0]?.[0] === "step" && entries.every(([, value]) => typeof value === "number");
    if (!isPlain || JSON.stringify(record) !== text) return;
    this.fields = entries.map(([name], i) => ({
      before: new TextEncoder().encode(`${i === 0 ? "{" : ","}${JSON.stringify(name)}:`),
      column: i === 0 ? undefined : this.columns.byName.get(name),
    }));
  }
}

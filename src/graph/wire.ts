/** @file The wire format of protocol buffers, read field by field; nothing is trusted. */

import { DataError } from "../base/errors.ts";

/** Wire types. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** One field: a whole number, or bytes (of fixed width, text, a message, a packed list). */
export interface Field {
  readonly number: number;
  readonly wire: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array();

/** Fields of one message: each takes more memory than its two bytes or more in the file. */
const MOST_FIELDS = 2 ** 20;

/** A message's fields by their numbers, each in the order of the file. */
export class Fields {
  private readonly byNumber = new Map<number, Field[]>();

  /** @param where names the message in errors @throws {DataError} it is cut off, or no message */
  constructor(
    bytes: Uint8Array,
    private readonly where: string,
  ) {
    const cursor = new Cursor(bytes, where);
    for (let count = 1; cursor.at < bytes.length; count++) {
      const field = cursor.field();
      if (count > MOST_FIELDS)
        throw new DataError(`${where}: a part has more than ${MOST_FIELDS} fields: made to fill the memory`);
      const known = this.byNumber.get(field.number);
      if (known === undefined) this.byNumber.set(field.number, [field]);
      else known.push(field);
    }
  }

  all(number: number): readonly Field[] {
    return this.byNumber.get(number) ?? [];
  }

  /** The last one wins, as the format says. */
  one(number: number): Field | undefined {
    return this.byNumber.get(number)?.at(-1);
  }

  integer(number: number): number | undefined {
    const field = this.one(number);
    return field === undefined ? undefined : this.expect(field, VARINT).value;
  }

  text(number: number): string {
    const field = this.one(number);
    return field === undefined ? "" : textOf(this.expect(field, LENGTH).bytes);
  }

  texts(number: number): string[] {
    return this.all(number).map((field) => textOf(this.expect(field, LENGTH).bytes));
  }

  messages(number: number): Uint8Array[] {
    return this.all(number).map((field) => this.expect(field, LENGTH).bytes);
  }

  /** A repeated integer, packed or not. */
  integers(number: number): number[] {
    const values: number[] = [];
    for (const field of this.all(number)) {
      if (field.wire === VARINT) values.push(field.value);
      else {
        const cursor = new Cursor(this.expect(field, LENGTH).bytes, this.where);
        while (cursor.at < cursor.bytes.length) values.push(cursor.varint());
      }
    }
    return values;
  }

  /** A repeated float, packed or not. */
  floats(number: number): Float32Array {
    const parts = this.all(number).map((field) =>
      field.wire === FIXED32 ? field.bytes : this.expect(field, LENGTH).bytes,
    );
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length % 4 !== 0) throw new DataError(`${this.where}: a list of floats is cut off`);
    const joined = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return new Float32Array(joined.buffer);
  }

  private expect(field: Field, wire: number): Field {
    if (field.wire === wire) return field;
    throw new DataError(`${this.where}: field ${field.number} is of another kind than ONNX has: damaged`);
  }
}

class Cursor {
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    private readonly where: string,
  ) {}

  field(): Field {
    const key = this.varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (!(number >= 1)) throw this.damaged();
    if (wire === VARINT) return { number, wire, value: this.varint(), bytes: NONE };
    const length = wire === LENGTH ? this.varint() : wire === FIXED32 ? 4 : wire === FIXED64 ? 8 : -1;
    if (!(length >= 0 && length <= this.bytes.length - this.at)) throw this.damaged();
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return { number, wire, value: 0, bytes };
  }

  /** A signed integer of 64 bits, as the nearest number. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw this.damaged();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw this.damaged();
  }

  private damaged(): DataError {
    return new DataError(
      `${this.where}: cut off or damaged near byte ${this.at} of a part of ${this.bytes.length}`,
    );
  }
}

const decoder = new TextDecoder();
const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

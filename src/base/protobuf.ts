/** @file Writing protocol buffer messages field by field: the few wire types that event files and ONNX use. */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** A message under construction. Each method appends one field under its number and returns the message. */
export class Message {
  readonly #parts: Uint8Array[] = [];

  /** An integer in 0 … 2⁵³ − 1 (int32, int64, enum). */
  varint(field: number, value: number): this {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`field ${field} takes whole numbers, not ${value}`);
    return this.#key(field, VARINT).#push(varint(value));
  }

  /** An integer that may be negative (int64, in two's complement). */
  integer(field: number, value: number): this {
    if (value >= 0) return this.varint(field, value);
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return this.#key(field, VARINT).#push(Uint8Array.from([...bytes, Number(rest)]));
  }

  double(field: number, value: number): this {
    return this.#key(field, FIXED64).#push(littleEndian([value]));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#key(field, FIXED32).#push(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#key(field, LENGTH).#push(varint(value.length)).#push(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  /** A packed repeated double. */
  doubles(field: number, values: readonly number[]): this {
    return this.bytes(field, littleEndian(values));
  }

  /** The encoded message. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #key(field: number, type: number): this {
    return this.#push(varint(field * 8 + type));
  }

  #push(part: Uint8Array): this {
    this.#parts.push(part);
    return this;
  }
}

/** Seven bits a byte, the lowest first; division, since shifts would end at 32 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function littleEndian(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat64(i * 8, value, true);
  return bytes;
}

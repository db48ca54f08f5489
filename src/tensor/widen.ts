/** @file Element types that libtorch does not compute with, as the next wider one that holds every value. */

import { bitsOf, type StoredDType, type StoredTensor } from "./stored.ts";

/** 8-bit numbers: bits of the exponent, its bias, and which codes are no finite numbers. */
interface Minifloat {
  exponent: number;
  bias: number;
  /** Value of a code that is none of the form ± m 2ᵉ. */
  special: (code: number) => number | undefined;
}

const IEEE: Minifloat["special"] = (code) => {
  if ((code & 0x7c) !== 0x7c) return undefined;
  if ((code & 3) !== 0) return Number.NaN;
  return code < 0x80 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
};
const onlyNaN =
  (...codes: readonly number[]): Minifloat["special"] =>
  (code) =>
    codes.includes(code) ? Number.NaN : undefined;

const MINIFLOATS: Partial<Record<StoredDType, Minifloat>> = {
  float8_e5m2: { exponent: 5, bias: 15, special: IEEE },
  float8_e4m3fn: { exponent: 4, bias: 7, special: onlyNaN(0x7f, 0xff) },
  float8_e5m2fnuz: { exponent: 5, bias: 16, special: onlyNaN(0x80) },
  float8_e4m3fnuz: { exponent: 4, bias: 8, special: onlyNaN(0x80) },
};

/** (−1)ˢ · 1.m · 2ᵉ⁻ᵇ, and (−1)ˢ · 0.m · 2¹⁻ᵇ where e is 0. */
function decode(code: number, { exponent, bias, special }: Minifloat): number {
  const mantissa = 7 - exponent;
  const e = (code >> mantissa) & (2 ** exponent - 1);
  const m = (code & (2 ** mantissa - 1)) / 2 ** mantissa;
  const size = e === 0 ? m * 2 ** (1 - bias) : (1 + m) * 2 ** (e - bias);
  return special(code) ?? (code < 0x80 ? size : -size);
}

/** The same numbers in a type that libtorch computes with; the tensor itself where it has such a type. */
export function widen(tensor: StoredTensor, fail: (what: string) => never): StoredTensor {
  const { dtype, shape, bytes } = tensor;
  const form = MINIFLOATS[dtype];
  if (form !== undefined || dtype === "float8_e8m0fnu") {
    const power = (code: number) => (code === 255 ? Number.NaN : 2 ** (code - 127));
    const table = Float32Array.from({ length: 256 }, (_, code) => (form ? decode(code, form) : power(code)));
    // bfloat16 has the range of float32 and more bits than these: its upper half is the number
    const upper = Uint16Array.from(new Uint32Array(table.buffer), (bits) => bits >>> 16);
    return {
      dtype: "bfloat16",
      shape,
      bytes: asBytes(Uint16Array.from(bytes, (code) => upper[code] as number)),
    };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length / (bitsOf(dtype) / 8);
  if (dtype === "uint16") {
    const wide = Int32Array.from({ length }, (_, i) => view.getUint16(2 * i, true));
    return { dtype: "int32", shape, bytes: asBytes(wide) };
  }
  if (dtype === "uint32" || dtype === "uint64") {
    const wide = new BigInt64Array(length);
    for (let i = 0; i < length; i++) {
      const value = dtype === "uint32" ? BigInt(view.getUint32(4 * i, true)) : view.getBigUint64(8 * i, true);
      if (value >= 2n ** 63n)
        fail(`${value} is above the largest int64, which is what unsigned integers become`);
      wide[i] = value;
    }
    return { dtype: "int64", shape, bytes: asBytes(wide) };
  }
  if (dtype === "complex32") {
    const wide = Float32Array.from({ length: 2 * length }, (_, i) => half(view.getUint16(2 * i, true)));
    return { dtype: "complex64", shape, bytes: asBytes(wide) };
  }
  // any byte but 0 is true; libtorch computes rightly with 1 alone
  if (dtype === "bool" && bytes.some((byte) => byte > 1))
    return { dtype, shape, bytes: bytes.map((byte) => (byte === 0 ? 0 : 1)) };
  if (bitsOf(dtype) < 8) fail(`${dtype} cannot be computed with; expected elements of whole bytes`);
  return tensor;
}

/** A float16 by its bits. */
function half(bits: number): number {
  const [e, m] = [(bits >> 10) & 31, (bits & 1023) / 1024];
  const size =
    e === 31
      ? m === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : e === 0
        ? m * 2 ** -14
        : (1 + m) * 2 ** (e - 15);
  return bits < 0x8000 ? size : -size;
}

const asBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

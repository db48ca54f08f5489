/** @file Tensors as files hold them: element types, shapes and bytes, without libtorch. */

import { plainJson } from "../base/plain-text.ts";

/** Bits of an element, and its name in safetensors; the order is that in which safetensors files are laid out. */
const ELEMENTS = {
  uint64: { bits: 64, code: "U64" },
  int64: { bits: 64, code: "I64" },
  float64: { bits: 64, code: "F64" },
  complex64: { bits: 64, code: "C64" },
  float32: { bits: 32, code: "F32" },
  uint32: { bits: 32, code: "U32" },
  int32: { bits: 32, code: "I32" },
  bfloat16: { bits: 16, code: "BF16" },
  float16: { bits: 16, code: "F16" },
  uint16: { bits: 16, code: "U16" },
  int16: { bits: 16, code: "I16" },
  float8_e5m2fnuz: { bits: 8, code: "F8_E5M2FNUZ" },
  float8_e4m3fnuz: { bits: 8, code: "F8_E4M3FNUZ" },
  float8_e8m0fnu: { bits: 8, code: "F8_E8M0" },
  float8_e4m3fn: { bits: 8, code: "F8_E4M3" },
  float8_e5m2: { bits: 8, code: "F8_E5M2" },
  int8: { bits: 8, code: "I8" },
  uint8: { bits: 8, code: "U8" },
  float6_e3m2: { bits: 6, code: "F6_E3M2" },
  float6_e2m3: { bits: 6, code: "F6_E2M3" },
  float4_e2m1: { bits: 4, code: "F4" },
  bool: { bits: 8, code: "BOOL" },
  // in PyTorch's files only
  complex128: { bits: 128, code: undefined },
  complex32: { bits: 32, code: undefined },
} as const;

/** The element types of files. libtorch computes with most of them; `widen` has the others. */
export type StoredDType = keyof typeof ELEMENTS;

/** Every element type, in the order in which safetensors files are laid out. */
export const STORED_DTYPES = Object.keys(ELEMENTS) as readonly StoredDType[];

export const isStoredDType = (name: unknown): name is StoredDType =>
  typeof name === "string" && Object.hasOwn(ELEMENTS, name);

/** Bits that an element takes. */
export const bitsOf = (dtype: StoredDType): number => ELEMENTS[dtype].bits;

/** Its name in safetensors; nothing where that has none. */
export const codeOf = (dtype: StoredDType): string | undefined => ELEMENTS[dtype].code;

const BY_CODE = new Map<string, StoredDType>(
  STORED_DTYPES.flatMap((dtype) => {
    const code = codeOf(dtype);
    return code === undefined ? [] : [[code, dtype] as const];
  }),
);

/** Every name that safetensors has for an element type. */
export const CODES: readonly string[] = [...BY_CODE.keys()];

/** The element type of a name in safetensors. */
export const dtypeOfCode = (code: string): StoredDType | undefined => BY_CODE.get(code);

/** One stored tensor: row-major, little-endian. `bytes` may start at any address of its buffer. */
export interface StoredTensor {
  dtype: StoredDType;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** What a file holds: free text, and tensors by name in the order of the file. */
export interface StoredTensors {
  metadata: Map<string, string>;
  entries: Map<string, StoredTensor>;
  /** What was read and what else is there, in one line; nothing where the file is read wholly and as it is. */
  note?: string;
  /** The parts of a file that has several, by the key that names each. */
  keys?: { key: string; tensors: number }[];
}

/** Numbers in a tensor of this shape. */
export const numelOf = (shape: readonly number[]): number =>
  shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);

/** A name of a file as it can stand in a message: one line, escaped, of bounded length. */
export function quote(name: string): string {
  const cut = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return plainJson(JSON.stringify(cut));
}

/** The entries whose names begin with a key and a dot, by the rest of their names. */
export const under = <T>(entries: ReadonlyMap<string, T>, key: string): Map<string, T> =>
  new Map(
    [...entries].flatMap(([name, value]) =>
      name.startsWith(`${key}.`) ? [[name.slice(key.length + 1), value] as const] : [],
    ),
  );

/** @file NumPy's arrays in pickles, as views of their bytes; arrays of objects, texts and records stay unread. */

import type { Allowance } from "../base/limits.ts";
import { COST, PickledObject, type PickleKind, type PickleValue } from "./pickle.ts";
import { bitsOf, numelOf, type StoredDType } from "./stored.ts";
import type { TensorRecord } from "./strided.ts";

/** An element type by NumPy's letter and size; `swapped` where its bytes run from the highest down. */
class DType {
  readonly kind = "dtype";
  swapped = false;
  constructor(readonly dtype: StoredDType | undefined) {}
  /** (version, byte order, …) */
  build(state: PickleValue): void {
    this.swapped = Array.isArray(state) && state[1] === ">";
  }
}

/** An array whose contents follow as its state: (version, shape, dtype, Fortran order, bytes). */
class NumPyArray {
  readonly kind = "array";
  record?: TensorRecord;
  build(state: PickleValue): void {
    if (!Array.isArray(state)) return;
    const [, shape, dtype, fortran, bytes] = state;
    const record = arrayOf(bytes, dtype, shape, fortran === true);
    if (record !== undefined) this.record = record;
  }
}

const isSizes = (value: PickleValue | undefined): value is number[] =>
  Array.isArray(value) &&
  value.length <= 64 &&
  value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);

function arrayOf(
  bytes: PickleValue | undefined,
  type: PickleValue | undefined,
  shape: PickleValue | undefined,
  fortran: boolean,
): TensorRecord | undefined {
  if (!(bytes instanceof Uint8Array && type instanceof DType && type.dtype !== undefined && isSizes(shape)))
    return undefined;
  const { dtype } = type;
  const width = bitsOf(dtype) / 8;
  const numel = numelOf(shape);
  if (numel * width !== bytes.length) return undefined;
  let step = 1;
  const strides = shape.map(() => 0);
  const order = fortran ? shape.keys() : [...shape.keys()].reverse();
  for (const dim of order) {
    strides[dim] = step;
    step *= shape[dim] as number;
  }
  const storage = { kind: "storage", key: "an array", dtype, width, count: numel } as const;
  const { swapped } = type;
  return { kind: "tensor", storage, dtype, offset: 0, shape: [...shape], strides, array: bytes, swapped };
}

const LETTERS: Record<string, StoredDType> = {
  ...{ f2: "float16", f4: "float32", f8: "float64", c8: "complex64", c16: "complex128", b1: "bool" },
  ...{ i1: "int8", i2: "int16", i4: "int32", i8: "int64", u1: "uint8", u2: "uint16", u4: "uint32" },
  u8: "uint64",
};

const dtype: PickleKind = ([code]) =>
  new DType(typeof code === "string" && Object.hasOwn(LETTERS, code) ? LETTERS[code] : undefined);
const reconstruct: PickleKind = () => new NumPyArray();
/** (bytes, dtype, shape, order) */
const fromBuffer: PickleKind = ([bytes, type, shape, order], allowance) => {
  const array = new NumPyArray();
  if (bytes instanceof Uint8Array) allowance.take(COST.view);
  const record = arrayOf(bytes, type, shape, order === "F");
  if (record !== undefined) array.record = record;
  return array;
};
const scalar: PickleKind = () => new PickledObject("numpy scalar");

/** By "module name"; NumPy 2 moved them. */
export const NUMPY_KINDS: readonly (readonly [string, PickleKind])[] = [
  ["numpy dtype", dtype],
  ...["numpy.core", "numpy._core"].flatMap((core): [string, PickleKind][] => [
    [`${core}.multiarray _reconstruct`, reconstruct],
    [`${core}.numeric _frombuffer`, fromBuffer],
    [`${core}.multiarray scalar`, scalar],
  ]),
];

/** An array as a tensor; nothing where it is no array, or of objects, texts or records. */
export const arrayRecord = (value: PickleValue | undefined): TensorRecord | undefined =>
  value instanceof NumPyArray ? value.record : undefined;

/** A list of numbers as a tensor; nothing where it is none. */
export function numberList(value: PickleValue, allowance: Allowance): TensorRecord | undefined {
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === "number"))
    return undefined;
  allowance.take(8 * value.length);
  const array = new Uint8Array(Float64Array.from(value).buffer);
  const storage = {
    kind: "storage",
    key: "a list",
    dtype: "float64",
    width: 8,
    count: value.length,
  } as const;
  return { kind: "tensor", storage, dtype: "float64", offset: 0, shape: [value.length], strides: [1], array };
}

/** Whether a value is an array that cannot be read. */
export const isOddArray = (value: PickleValue): boolean =>
  value instanceof NumPyArray && value.record === undefined;

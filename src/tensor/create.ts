/** @file New tensors: from numbers, from typed arrays, filled, joined. */

import type { Nested } from "./core.ts";
import { type DType, dtypeOf, isTypedArray, type TypedArray } from "./dtype.ts";
import { UsageError } from "./errors.ts";
import { native } from "./native.ts";
import { operator } from "./operator.ts";
import { run, run2, wrap } from "./run.ts";
import type { Tensor } from "./tensor.ts";

export interface TensorOptions {
  dtype?: DType;
  /** "cpu" (default), "cuda" or "cuda:N". */
  device?: string;
}

const ZEROS = operator("zeros");
const ONES = operator("ones");
const FULL = operator("full");
const ARANGE = operator("arange.start_step");
const EYE = operator("eye");
const CAT = operator("cat");
const STACK = operator("stack");

/** float32 on the CPU, unless options say otherwise: dtype, layout, device in the order of every factory's schema. */
const place = (options: TensorOptions): [string, null, string] => [
  options.dtype ?? "float32",
  null,
  options.device ?? "cpu",
];

export const zeros = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  run(ZEROS, shape, ...place(options));
export const ones = (shape: readonly number[], options: TensorOptions = {}): Tensor =>
  run(ONES, shape, ...place(options));
export const full = (shape: readonly number[], value: number, options: TensorOptions = {}): Tensor =>
  run(FULL, shape, value, ...place(options));
export const eye = (n: number, options: TensorOptions = {}): Tensor => run(EYE, n, ...place(options));

/** 0, 1, …, n − 1 (int64 unless a dtype is named), or start, start + step, … below end. */
export function arange(n: number, options: TensorOptions & { start?: number; step?: number } = {}): Tensor {
  const { start = 0, step = 1 } = options;
  return run(ARANGE, start, n, step, ...place({ dtype: "int64", ...options }));
}

export const cat = (tensors: readonly Tensor[], dim = 0): Tensor => run2(CAT, handles(tensors), dim);
export const stack = (tensors: readonly Tensor[], dim = 0): Tensor => run2(STACK, handles(tensors), dim);

/** Handles of a list, in the form that crosses into the addon in one step. */
export const handles = (tensors: readonly Tensor[]): Int32Array =>
  Int32Array.from(tensors, (tensor) => tensor.h);

/**
 * A tensor from a number, nested arrays, or a typed array (whose memory it copies, or shares with `share: true`).
 *
 * @param options.shape for typed arrays; one dimension when left out
 * @throws {UsageError} ragged arrays; a shape that does not fit the length
 * @example tensor([[1, 2], [3, 4]]).matmul(tensor([[1], [1]])).toArray(); // [[3], [7]]
 */
export function tensor(
  values: Nested | TypedArray,
  options: TensorOptions & { shape?: readonly number[]; share?: boolean } = {},
): Tensor {
  const array = isTypedArray(values) ? values : undefined;
  const flat = array ?? Float64Array.from(flatten(values as Nested));
  const shape = options.shape ?? (array === undefined ? shapeOf(values as Nested) : [array.length]);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== flat.length)
    throw new UsageError(`tensor: shape [${shape.join(", ")}] has ${count} elements, got ${flat.length}`);
  const shared = array?.buffer instanceof SharedArrayBuffer ? array.slice() : flat;
  const dtype = array === undefined ? "float64" : nativeDtype(array, options.dtype);
  const buffer = shared.buffer as ArrayBuffer;
  const made = wrap(
    native().fromBuffer(buffer, shared.byteOffset, shared.byteLength, shape, dtype, options.share ?? false),
  );
  const wanted = options.dtype ?? (array === undefined ? "float32" : dtype);
  return convert(convert(made, dtype, wanted), "cpu", options.device ?? "cpu");
}

/** 16-bit and boolean elements share their typed arrays with other dtypes: the option decides. */
function nativeDtype(array: TypedArray, wanted: DType | undefined): DType {
  const plain = dtypeOf(array);
  if (array instanceof Uint16Array) return wanted === "float16" ? "float16" : "bfloat16";
  if (array instanceof Uint8Array && wanted === "bool") return "bool";
  return plain;
}

function convert(from: Tensor, is: string, wanted: string): Tensor {
  if (is === wanted) return from;
  const converted = from.to(wanted);
  from.dispose();
  return converted;
}

function shapeOf(values: Nested): number[] {
  return Array.isArray(values) ? [values.length, ...(values.length > 0 ? shapeOf(values[0]!) : [])] : [];
}

function flatten(values: Nested): number[] {
  if (!Array.isArray(values)) return [Number(values)];
  const [first, ...rest] = values.map((value) => (Array.isArray(value) ? value.length : -1));
  if (rest.some((length) => length !== first))
    throw new UsageError("tensor: expected rows of equal length, got ragged arrays");
  return values.flatMap(flatten);
}

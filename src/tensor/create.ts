/** @file New tensors: from numbers, from typed arrays, filled, joined. */

import { UsageError } from "../base/errors.ts";
import type { Nested } from "./core.ts";
import { type DType, dtypeOf, isTypedArray, type TypedArray } from "./dtype.ts";
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
 * Typed arrays are taken as `data()` gives them: half precisions as their 16 bits, complex numbers as pairs.
 *
 * @param options.shape for typed arrays; one dimension when left out
 * @throws {UsageError} ragged arrays; a shape that does not fit the length; memory that cannot be shared
 * @example tensor([[1, 2], [3, 4]]).matmul(tensor([[1], [1]])).toArray(); // [[3], [7]]
 */
export function tensor(
  values: Nested | TypedArray,
  options: TensorOptions & { shape?: readonly number[]; share?: boolean } = {},
): Tensor {
  const array = isTypedArray(values) ? values : nested(values);
  const given = isTypedArray(values) ? nativeDtype(values, options.dtype) : "float64";
  const length = array.length / (given.startsWith("complex") ? 2 : 1);
  const shape = options.shape ?? (isTypedArray(values) ? [length] : shapeOf(values));
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== length)
    throw new UsageError(`tensor: shape [${shape.join(", ")}] has ${count} elements, got ${length}`);
  const made = wrap(fromArray(array, shape, given, options.share ?? false));
  const wanted = options.dtype ?? (isTypedArray(values) ? given : "float32");
  return convert(convert(made, given, wanted), "cpu", options.device ?? "cpu");
}

/** libtorch cannot keep a SharedArrayBuffer alive: its elements are copied. */
function fromArray(array: TypedArray, shape: readonly number[], dtype: DType, share: boolean): number {
  const shared = array.buffer instanceof SharedArrayBuffer;
  if (shared && share)
    throw new UsageError(
      "tensor: a SharedArrayBuffer can only be copied; leave out share, or use an ArrayBuffer",
    );
  const { buffer, byteOffset, byteLength } = shared ? array.slice() : array;
  return native().fromBuffer(buffer as ArrayBuffer, byteOffset, byteLength, shape, dtype, share);
}

/** Some dtypes have no typed array of their own: the option says what the elements are. */
function nativeDtype(array: TypedArray, wanted: DType | undefined): DType {
  if (array instanceof Uint16Array) return wanted === "float16" ? "float16" : "bfloat16";
  if (array instanceof Float32Array && wanted === "complex64") return "complex64";
  if (array instanceof Float64Array && wanted === "complex128") return "complex128";
  return dtypeOf(array);
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

function nested(values: Nested): Float64Array {
  const shape = shapeOf(values);
  const flat = new Float64Array(shape.reduce((product, size) => product * size, 1));
  let filled = 0;
  const fill = (part: Nested, depth: number): void => {
    if (!Array.isArray(part) && depth === shape.length) flat[filled++] = Number(part);
    else if (Array.isArray(part) && part.length === shape[depth])
      for (const item of part) fill(item, depth + 1);
    else throw new UsageError("tensor: expected rows of equal length, got ragged arrays");
  };
  fill(values, 0);
  return flat;
}

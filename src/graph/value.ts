/** @file Arrays of numbers with a shape, and how large they may become. */

import { DataError } from "../base/errors.ts";

/** Element types of ONNX that a graph may hold, under their numbers in files. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** Half precision is held in single precision; 32- and 64-bit integers as numbers, exact up to 2⁵³. */
export type Data = Float32Array | Float64Array | Int8Array | Uint8Array;

export interface Value {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Row by row. */
  readonly data: Data;
}

/** Bytes of an element in a file. */
export const FILE_BYTES: Readonly<Record<ElementType, number>> = {
  ...{ float32: 4, float16: 2, int64: 8, int32: 4, int8: 1, uint8: 1, bool: 1 },
};

/** Whether arrays in memory lie as in files. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** An empty array for the elements of a type. */
export function dataOf(type: ElementType, length: number): Data {
  if (type === "float32" || type === "float16") return new Float32Array(length);
  if (type === "int64" || type === "int32") return new Float64Array(length);
  return type === "int8" ? new Int8Array(length) : new Uint8Array(length);
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);

export const float = (dims: readonly number[], data: Float32Array): Value => ({
  type: "float32",
  dims,
  data,
});
export const integers = (dims: readonly number[], values: ArrayLike<number>): Value => ({
  type: "int64",
  dims,
  data: Float64Array.from(values),
});

/** `[2, 3] float32`, for messages. */
export const describe = ({ dims, type }: Pick<Value, "dims" | "type">): string =>
  `[${dims.join(", ")}] ${type}`;

/** How much a graph may take: files come from others. */
export interface Limits {
  /** Numbers of one array; 2²⁸. */
  elements: number;
  /** Multiplications and additions of one run; 2⁴⁰. */
  work: number;
}
export const LIMITS: Limits = { elements: 2 ** 28, work: 2 ** 40 };

/** What is left of the limits in one run. */
export class Budget {
  private left: number;

  constructor(private readonly limits: Limits) {
    this.left = limits.work;
  }

  /** The size of an array that is about to be made, `work` steps for each of its elements. @throws {DataError} too much */
  take(dims: readonly number[], work = 1): number {
    const size = sizeOf(dims);
    if (!dims.every((each) => Number.isInteger(each) && each >= 0) || !(size <= this.limits.elements))
      throw new DataError(
        `graph: expected arrays of at most ${this.limits.elements} numbers, got [${dims.join(", ")}]`,
      );
    this.left -= size * Math.max(1, work);
    if (!(this.left >= 0))
      throw new DataError(
        `graph: a run takes more than ${this.limits.work} steps; it is too large for this interpreter`,
      );
    return size;
  }
}

/** @file Tensors as PyTorch saves them, views of storages, brought to rows: a view of the file where they lie so. */

import type { Allowance } from "../base/limits.ts";
import { bitsOf, numelOf, type StoredDType, type StoredTensor } from "./stored.ts";

/** Elements in memory that tensors are views of. */
export interface Storage {
  readonly kind: "storage";
  readonly key: string;
  /** Nothing where it is of bytes, or of a type that is not read. */
  readonly dtype: StoredDType | undefined;
  /** Bytes of an element. */
  readonly width: number;
  readonly count: number;
}

/** A tensor: elements of a storage at an offset and strides, all in elements. */
export interface TensorRecord {
  readonly kind: "tensor";
  readonly storage: Storage;
  readonly dtype: StoredDType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Flags of lazy operations: the elements stand for their conjugates, or for their negatives. */
  readonly conjugate?: boolean;
  readonly negative?: boolean;
  /** Whether the bytes of each number run from the highest down. */
  readonly swapped?: boolean;
  /** An array of NumPy, whose elements are here and not in a storage of the file. */
  readonly array?: Uint8Array;
}

/**
 * A tensor's elements in row-major order; a copy only where they lie otherwise in `held`, the bytes of the storage.
 * @param fail called with what is wrong
 */
export function rowMajor(
  { dtype, offset, shape, strides, conjugate, negative, swapped, storage }: TensorRecord,
  held: Uint8Array,
  allowance: Allowance,
  fail: (what: string) => never,
): StoredTensor {
  const width = bitsOf(dtype) / 8;
  const numel = numelOf(shape);
  if (numel === 0) return { dtype, shape, bytes: held.subarray(0, 0) };
  const count = Math.floor(held.length / width);
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] as number), offset);
  if (!(last < count)) fail(`[${shape.join(", ")}] ends outside its storage of ${storage.count} elements`);
  let expected = 1;
  let inRows = true;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) inRows = false;
    expected *= shape[i] as number;
  }
  let bytes = inRows ? held.subarray(offset * width, (offset + numel) * width) : copy();
  const part = dtype.startsWith("complex") ? width / 2 : width;
  if (swapped && part > 1) bytes = swap(bytes);
  return { dtype, shape, bytes: conjugate || negative ? flip(bytes) : bytes };

  function copy(): Uint8Array {
    allowance.take(numel * width);
    const copied = new Uint8Array(numel * width);
    const index = shape.map(() => 0);
    let from = offset * width;
    for (let to = 0; to < copied.length; ) {
      for (let byte = 0; byte < width; byte++) copied[to++] = held[from + byte] as number;
      for (let dim = shape.length - 1; dim >= 0; dim--) {
        const step = (strides[dim] as number) * width;
        from += step;
        const at = (index[dim] as number) + 1;
        index[dim] = at;
        if (at < (shape[dim] as number)) break;
        from -= step * at;
        index[dim] = 0;
      }
    }
    return copied;
  }

  function swap(rows: Uint8Array): Uint8Array {
    allowance.take(rows.length);
    const swapped = new Uint8Array(rows.length);
    for (let at = 0; at < rows.length; at += part)
      for (let byte = 0; byte < part; byte++) swapped[at + byte] = rows[at + part - 1 - byte] as number;
    return swapped;
  }

  /** With the signs of −x, x̄ or −x̄. */
  function flip(rows: Uint8Array): Uint8Array {
    const complex = dtype.startsWith("complex");
    if (!complex && !/^b?float(16|32|64)$/.test(dtype)) fail(`${dtype} with a flag for other signs`);
    allowance.take(rows.length);
    const changed = rows.slice();
    const signs = [negative, complex ? (conjugate ?? false) !== (negative ?? false) : negative];
    for (let number = 0; number * part < changed.length; number++) {
      if (!signs[number % 2]) continue;
      const top = (number + 1) * part - 1;
      changed[top] = (changed[top] as number) ^ 0x80;
    }
    return changed;
  }
}

/** @file What a tensor is before it can compute: a handle, a shape, its elements in and out. */

import { UsageError } from "../base/errors.ts";
import { type DType, type TypedArray, viewAs } from "./dtype.ts";
import { native } from "./native.ts";
import { free, own, replace } from "./scope.ts";

export type Nested = number | Nested[];

export abstract class TensorCore {
  /** The addon's handle; 0 once freed. */
  handle: number;
  /** Name of the scope that freed it. */
  freedBy = "";
  private sizes: readonly number[] | undefined;

  constructor(handle: number) {
    this.handle = handle;
    own(this);
  }

  /** The live handle. @throws {UsageError} when the tensor was freed, naming the scope. */
  get h(): number {
    if (this.handle !== 0) return this.handle;
    throw new UsageError(
      `tensor ${this.describe()} was freed by "${this.freedBy}"; return it from that scope to keep it`,
    );
  }

  get shape(): readonly number[] {
    this.sizes ??= native().shape(this.h);
    return this.sizes;
  }
  /** Asks for the shape anew: after an operator that may have changed it in place. */
  forgetShape(): void {
    this.sizes = undefined;
  }
  /** Whether the elements lie in row-major order, one after the other. */
  get isContiguous(): boolean {
    return native().isContiguous(this.h);
  }
  get dtype(): DType {
    return native().dtype(this.h) as DType;
  }
  get device(): string {
    return native().device(this.h);
  }
  get dim(): number {
    return this.shape.length;
  }
  get numel(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Size along one dimension; negative counts from the end. */
  size(dim: number): number {
    const size = this.shape.at(dim);
    if (size === undefined)
      throw new UsageError(`size: expected a dimension of ${this.describe()}, got ${dim}`);
    return size;
  }

  /** The only element as a number; booleans as 0 and 1. */
  item(): number {
    return Number(native().item(this.h));
  }

  /** A copy of the elements in row-major order; half precisions as their 16 bits, complex numbers as pairs. */
  data(): TypedArray {
    return viewAs(this.dtype, native().toBuffer(this.h));
  }

  /** The tensor's own memory without a copy, alive as long as the array: contiguous tensors on the CPU only. */
  view(): TypedArray {
    return viewAs(this.dtype, native().viewBuffer(this.h));
  }

  /**
   * Takes over another tensor's place, for moving parameters: this object keeps its identity and its owner, the
   * other is spent.
   */
  become_(other: TensorCore): this {
    if (this.h === other.h) return this;
    replace(this, native().share(other.h));
    this.sizes = undefined;
    other.dispose();
    return this;
  }

  /** Frees the tensor now; others that share its storage stay. */
  dispose(): void {
    free(this, "dispose()");
  }
  [Symbol.dispose](): void {
    free(this, "using");
  }

  /** `[2, 3] float32`, for messages. */
  describe(): string {
    if (this.handle === 0)
      return this.sizes === undefined ? "of unknown shape" : `[${this.sizes.join(", ")}]`;
    return `[${this.shape.join(", ")}] ${this.dtype}`;
  }
  toString(): string {
    return `Tensor ${this.describe()}`;
  }

  get requiresGrad(): boolean {
    return native().requiresGrad(this.h);
  }
  /** Marks a leaf whose gradient will be asked for. */
  setRequiresGrad(required = true): this {
    native().setRequiresGrad(this.h, required);
    return this;
  }
}

/** Row-major elements as nested arrays. */
export function nest(flat: readonly number[], shape: readonly number[]): Nested {
  if (shape.length === 0) return flat[0]!;
  const [first, ...rest] = shape as [number, ...number[]];
  const stride = flat.length / Math.max(first, 1);
  return Array.from({ length: first }, (_, i) => nest(flat.slice(i * stride, (i + 1) * stride), rest));
}

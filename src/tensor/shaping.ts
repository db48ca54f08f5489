/** @file Operators that rearrange, select or convert, without arithmetic. */

import type { DType } from "./dtype.ts";
import { Elementwise } from "./elementwise.ts";
import { operator } from "./operator.ts";
import { run, run1, run2, runInPlace, runMany } from "./run.ts";
import type { Tensor } from "./tensor.ts";

const RESHAPE = operator("reshape");
const EXPAND = operator("expand");
const PERMUTE = operator("permute");
const TRANSPOSE = operator("transpose.int");
const UNSQUEEZE = operator("unsqueeze");
const SQUEEZE = operator("squeeze.dim");
const FLATTEN = operator("flatten.using_ints");
const NARROW = operator("narrow");
const SELECT = operator("select.int");
const INDEX_SELECT = operator("index_select");
const INDEX = operator("index.Tensor");
const GATHER = operator("gather");
const FLIP = operator("flip");
const ROLL = operator("roll");
const UNBIND = operator("unbind.int");
const CHUNK = operator("chunk");
const DIAGONAL = operator("diagonal");
const TRIL = operator("tril");
const TRIU = operator("triu");
const PAD = operator("constant_pad_nd");
const TO_DTYPE = operator("to.dtype");
const TO_DEVICE = operator("to.device");
const COPY = operator("copy_");
const WHERE = operator("where.self");

const DEVICE = /^(cpu|cuda)(:\d+)?$/;

export abstract class Shaping extends Elementwise {
  reshape(shape: readonly number[]): Tensor {
    return run2(RESHAPE, this.h, shape);
  }
  expand(shape: readonly number[]): Tensor {
    return run2(EXPAND, this.h, shape);
  }
  permute(dims: readonly number[]): Tensor {
    return run2(PERMUTE, this.h, dims);
  }
  transpose(a: number, b: number): Tensor {
    return run(TRANSPOSE, this.h, a, b);
  }
  /** The last two dimensions swapped. */
  get T(): Tensor {
    return run(TRANSPOSE, this.h, -2, -1);
  }
  unsqueeze(dim: number): Tensor {
    return run2(UNSQUEEZE, this.h, dim);
  }
  squeeze(dim: number): Tensor {
    return run2(SQUEEZE, this.h, dim);
  }
  flatten(start = 0, end = -1): Tensor {
    return run(FLATTEN, this.h, start, end);
  }
  /** `length` entries from `start` along `dim`; shares memory. */
  narrow(dim: number, start: number, length: number): Tensor {
    return run(NARROW, this.h, dim, start, length);
  }
  /** One entry along `dim`, which disappears; shares memory. */
  select(dim: number, index: number): Tensor {
    return run(SELECT, this.h, dim, index);
  }
  indexSelect(dim: number, index: Tensor): Tensor {
    return run(INDEX_SELECT, this.h, dim, index.h);
  }
  /** Advanced indexing: one index tensor per dimension, `null` for all of it. */
  index(indices: readonly (Tensor | null)[]): Tensor {
    return run2(
      INDEX,
      this.h,
      indices.map((index) => index?.h ?? null),
    );
  }
  gather(dim: number, index: Tensor): Tensor {
    return run(GATHER, this.h, dim, index.h);
  }
  flip(dims: readonly number[]): Tensor {
    return run2(FLIP, this.h, dims);
  }
  roll(shifts: readonly number[], dims: readonly number[]): Tensor {
    return run(ROLL, this.h, shifts, dims);
  }
  unbind(dim = 0): Tensor[] {
    return runMany(UNBIND, this.h, dim);
  }
  chunk(count: number, dim = 0): Tensor[] {
    return runMany(CHUNK, this.h, count, dim);
  }
  diagonal(offset = 0, a = -2, b = -1): Tensor {
    return run(DIAGONAL, this.h, offset, a, b);
  }
  tril(diagonal = 0): Tensor {
    return run2(TRIL, this.h, diagonal);
  }
  triu(diagonal = 0): Tensor {
    return run2(TRIU, this.h, diagonal);
  }
  /** Pads with a constant: [left, right] of the last dimension, then of the one before, … */
  pad(sizes: readonly number[], value = 0): Tensor {
    return run(PAD, this.h, sizes, value);
  }
  /** To a dtype ("float64") or a device ("cuda:0"); the same memory when it is there already. */
  to(target: DType | (string & {})): Tensor {
    if (!DEVICE.test(target)) return run2(TO_DTYPE, this.h, target);
    return run(TO_DEVICE, this.h, target, this.dtype);
  }
  /** Where the condition holds this tensor's element, elsewhere the other's. */
  where(condition: Tensor, other: Tensor): Tensor {
    return run(WHERE, condition.h, this.h, other.h);
  }
  /** Copies the other's elements into this tensor. */
  copy_(other: Tensor): this {
    runInPlace(COPY, this.h, other.h);
    return this;
  }
  /** The same elements under a handle of its own. */
  alias(): Tensor {
    return run1(operator("alias"), this.h);
  }
}

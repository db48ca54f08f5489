/** @file The tensor: reductions and products, on top of everything its bases bring. */

import { UsageError } from "../base/errors.ts";
import { type Nested, nest } from "./core.ts";
import { operator } from "./operator.ts";
import { run, run1, run2, runMany, setTensorFactory } from "./run.ts";
import { Shaping } from "./shaping.ts";

const MATMUL = operator("matmul");
const LINEAR = operator("linear");
const SUM = operator("sum");
const SUM_DIM = operator("sum.dim_IntList");
const MEAN = operator("mean");
const MEAN_DIM = operator("mean.dim");
const AMAX = operator("amax");
const AMIN = operator("amin");
const ARGMAX = operator("argmax");
const ARGMIN = operator("argmin");
const STD = operator("std.correction");
const VAR = operator("var.correction");
const NORM = operator("linalg_vector_norm");
const ALL = operator("all");
const ANY = operator("any");
const CUMSUM = operator("cumsum");
const LOGSUMEXP = operator("logsumexp");
const SOFTMAX = operator("softmax.int");
const LOG_SOFTMAX = operator("log_softmax.int");
const TOPK = operator("topk");
const SORT = operator("sort");

type Dims = number | readonly number[];
const list = (dims: Dims): readonly number[] => (typeof dims === "number" ? [dims] : dims);

/**
 * An array of numbers of one dtype on one device, with the operators of libtorch as methods.
 *
 * Names and arguments are PyTorch's; a name that ends in `_` changes the tensor in place and returns it. Operators
 * without a method are called by name through `aten`.
 */
export class Tensor extends Shaping {
  matmul(other: Tensor): Tensor {
    return run2(MATMUL, this.h, other.h);
  }
  /** x Wᵀ + b: W [out, in], b [out]. */
  linear(weight: Tensor, bias?: Tensor): Tensor {
    return bias === undefined ? run2(LINEAR, this.h, weight.h) : run(LINEAR, this.h, weight.h, bias.h);
  }

  /** Sum over all elements, or over some dimensions. */
  sum(dims?: Dims, keepDim = false): Tensor {
    return dims === undefined ? run1(SUM, this.h) : run(SUM_DIM, this.h, list(dims), keepDim);
  }
  mean(dims?: Dims, keepDim = false): Tensor {
    return dims === undefined ? run1(MEAN, this.h) : run(MEAN_DIM, this.h, list(dims), keepDim);
  }
  /** Standard deviation; correction 1 is the unbiased one, as in PyTorch. */
  std(dims?: Dims, correction = 1, keepDim = false): Tensor {
    return run(STD, this.h, dims === undefined ? null : list(dims), correction, keepDim);
  }
  var(dims?: Dims, correction = 1, keepDim = false): Tensor {
    return run(VAR, this.h, dims === undefined ? null : list(dims), correction, keepDim);
  }
  /** Largest element. */
  max(dims: Dims = [], keepDim = false): Tensor {
    return run(AMAX, this.h, list(dims), keepDim);
  }
  /** Smallest element. */
  min(dims: Dims = [], keepDim = false): Tensor {
    return run(AMIN, this.h, list(dims), keepDim);
  }
  argmax(dim: number | null = null, keepDim = false): Tensor {
    return run(ARGMAX, this.h, dim, keepDim);
  }
  argmin(dim: number | null = null, keepDim = false): Tensor {
    return run(ARGMIN, this.h, dim, keepDim);
  }
  /** (Σ |x|^order)^(1/order); order 2 is the Euclidean (Frobenius) norm. */
  norm(dims?: Dims, keepDim = false, order = 2): Tensor {
    return run(NORM, this.h, order, dims === undefined ? null : list(dims), keepDim);
  }
  all(): Tensor {
    return run1(ALL, this.h);
  }
  any(): Tensor {
    return run1(ANY, this.h);
  }
  cumsum(dim: number): Tensor {
    return run2(CUMSUM, this.h, dim);
  }
  logsumexp(dims: Dims, keepDim = false): Tensor {
    return run(LOGSUMEXP, this.h, list(dims), keepDim);
  }
  softmax(dim: number): Tensor {
    return run2(SOFTMAX, this.h, dim);
  }
  logSoftmax(dim: number): Tensor {
    return run2(LOG_SOFTMAX, this.h, dim);
  }
  /** The k largest along `dim`, in order: [values, indices]. */
  topk(k: number, dim = -1): [Tensor, Tensor] {
    return runMany(TOPK, this.h, k, dim) as [Tensor, Tensor];
  }
  /** [values, indices] in order along `dim`. */
  sort(dim = -1, descending = false): [Tensor, Tensor] {
    return runMany(SORT, this.h, dim, descending) as [Tensor, Tensor];
  }

  /** Elements as plain numbers in row-major order, complex ones as real and imaginary part. */
  numbers(): number[] {
    if (this.dtype !== "bfloat16" && this.dtype !== "float16") return Array.from(this.data(), Number);
    using wide = this.to("float32");
    return Array.from(wide.data(), Number);
  }
  /**
   * Elements as nested arrays; complex ones as [real, imaginary].
   *
   * @throws {UsageError} more than 2²⁶ arrays; an empty tensor may have any number: [2³¹, 0]
   */
  toArray(): Nested {
    let [arrays, most] = [1, 1];
    for (const size of this.shape.slice(0, -1)) {
      arrays *= size;
      most = Math.max(most, arrays);
    }
    if (most > 2 ** 26)
      throw new UsageError(
        `toArray: expected at most 2^26 arrays, shape [${this.shape}] has ${most}; use data()`,
      );
    return nest(this.numbers(), this.dtype.startsWith("complex") ? [...this.shape, 2] : this.shape);
  }
}

setTensorFactory((handle) => new Tensor(handle));

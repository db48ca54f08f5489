/** @file Operators that work element by element, with broadcasting: one table, one loop. */

import { TensorCore } from "./core.ts";
import { operator } from "./operator.ts";
import { run, run1, run2, runInPlace } from "./run.ts";
import type { Tensor } from "./tensor.ts";

/** x.exp(): method → operator. */
export const UNARY = {
  neg: "neg",
  abs: "abs",
  exp: "exp",
  log: "log",
  log1p: "log1p",
  sqrt: "sqrt",
  rsqrt: "rsqrt",
  square: "square",
  reciprocal: "reciprocal",
  sign: "sign",
  round: "round",
  floor: "floor",
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  sigmoid: "sigmoid",
  relu: "relu",
  erf: "erf",
  gelu: "gelu",
  not: "logical_not",
  isFinite: "isfinite",
  isNaN: "isnan",
  clone: "clone",
  contiguous: "contiguous",
  detach: "detach",
} as const;

/** x.add(y) with a tensor or a number: method → [operator for tensors, operator for numbers]. */
export const BINARY = {
  add: ["add.Tensor", "add.Scalar"],
  sub: ["sub.Tensor", "sub.Scalar"],
  mul: ["mul.Tensor", "mul.Scalar"],
  div: ["div.Tensor", "div.Scalar"],
  pow: ["pow.Tensor_Tensor", "pow.Tensor_Scalar"],
  remainder: ["remainder.Tensor", "remainder.Scalar"],
  eq: ["eq.Tensor", "eq.Scalar"],
  ne: ["ne.Tensor", "ne.Scalar"],
  lt: ["lt.Tensor", "lt.Scalar"],
  le: ["le.Tensor", "le.Scalar"],
  gt: ["gt.Tensor", "gt.Scalar"],
  ge: ["ge.Tensor", "ge.Scalar"],
} as const;

/** x.and(y): both tensors. */
export const BOTH = {
  and: "logical_and",
  or: "logical_or",
  maximum: "maximum",
  minimum: "minimum",
} as const;

/** x.add_(y) changes x and returns it. */
export const IN_PLACE = {
  add_: ["add_.Tensor", "add_.Scalar"],
  sub_: ["sub_.Tensor", "sub_.Scalar"],
  mul_: ["mul_.Tensor", "mul_.Scalar"],
  div_: ["div_.Tensor", "div_.Scalar"],
  fill_: ["fill_.Tensor", "fill_.Scalar"],
} as const;

const CLAMP = operator("clamp");

type Methods<Table, Signature> = { [name in keyof Table]: Signature };

export interface Elementwise
  extends Methods<typeof UNARY, () => Tensor>,
    Methods<typeof BINARY, (other: Tensor | number) => Tensor>,
    Methods<typeof BOTH, (other: Tensor) => Tensor>,
    Methods<typeof IN_PLACE, (other: Tensor | number) => Tensor> {}

export abstract class Elementwise extends TensorCore {
  /** min(max(x, low), high); leave one out with `null`. */
  clamp(low: number | null, high: number | null = null): Tensor {
    return run(CLAMP, this.h, low, high);
  }
}

function define(name: string, method: (this: Tensor, other: Tensor | number) => Tensor): void {
  Object.defineProperty(Elementwise.prototype, name, { value: method, writable: true, configurable: true });
}

for (const [name, full] of Object.entries(UNARY)) {
  const op = operator(full);
  define(name, function () {
    return run1(op, this.h);
  });
}
for (const [name, [withTensor, withNumber]] of Object.entries(BINARY)) {
  const tensors = operator(withTensor);
  const numbers = operator(withNumber);
  define(name, function (other) {
    return typeof other === "number" ? run2(numbers, this.h, other) : run2(tensors, this.h, other.h);
  });
}
for (const [name, full] of Object.entries(BOTH)) {
  const op = operator(full);
  define(name, function (other) {
    return run2(op, this.h, (other as Tensor).h);
  });
}
for (const [name, [withTensor, withNumber]] of Object.entries(IN_PLACE)) {
  const tensors = operator(withTensor);
  const numbers = operator(withNumber);
  define(name, function (other) {
    if (typeof other === "number") runInPlace(numbers, this.h, other);
    else runInPlace(tensors, this.h, other.h);
    return this;
  });
}

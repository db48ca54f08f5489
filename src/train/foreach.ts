/** @file Multi-tensor operators: one call for all parameters, no arithmetic in JavaScript. */

import { handles, operator, run, runInPlace, runMany, stack, type Tensor } from "../tensor/index.ts";

/** The tensors of one role (weights, gradients, a moment), with their handles ready to cross. */
export class TensorList {
  constructor(readonly tensors: readonly Tensor[]) {}

  /** Of the addon. Read each time: a parameter that moved has another handle. */
  get h(): Int32Array {
    return handles(this.tensors);
  }

  get isContiguous(): boolean {
    return this.tensors.every((tensor) => tensor.isContiguous);
  }
  /** The same elements, copied where they are not contiguous. */
  contiguous(): TensorList {
    return new TensorList(this.tensors.map((each) => (each.isContiguous ? each : each.contiguous())));
  }
  /** this ← factor · this */
  mul_(factor: number): this {
    runInPlace(MUL, this.h, factor);
    return this;
  }
  /** this ← this + scale · other */
  add_(other: TensorList | number, scale = 1): this {
    if (typeof other === "number") runInPlace(ADD_SCALAR, this.h, other);
    else runInPlace(ADD, this.h, other.h, scale);
    return this;
  }
  /** this ← this + value · a · b */
  addProduct_(a: TensorList, b: TensorList, value: number): this {
    runInPlace(ADDCMUL, this.h, a.h, b.h, value);
    return this;
  }
  /** this ← this + value · a / b */
  addQuotient_(a: TensorList, b: TensorList, value: number): this {
    runInPlace(ADDCDIV, this.h, a.h, b.h, value);
    return this;
  }
  mul(factor: number): TensorList {
    return new TensorList(runMany(MUL_NEW, this.h, factor));
  }
  /** Each tensor times a number of its own, 0-dimensional. */
  mulEach_(factors: readonly Tensor[]): this {
    runInPlace(MUL_EACH_, this.h, handles(factors));
    return this;
  }
  mulEach(factors: readonly Tensor[]): TensorList {
    return new TensorList(runMany(MUL_EACH, this.h, handles(factors)));
  }
  /** this + scale · other */
  add(other: TensorList, scale = 1): TensorList {
    return new TensorList(runMany(ADD_NEW, this.h, other.h, scale));
  }
  sqrt(): TensorList {
    return new TensorList(runMany(SQRT, this.h));
  }
  /** −1, 0 or 1 by the sign of each element. */
  sign(): TensorList {
    if (SIGN.exists) return new TensorList(runMany(SIGN, this.h));
    return new TensorList(this.tensors.map((tensor) => tensor.sign())); // libtorch before 2.1
  }
  /** Copies the other's elements. */
  copy_(other: TensorList): this {
    this.tensors.forEach((tensor, i) => {
      tensor.copy_(other.tensors[i]!);
    });
    return this;
  }
  /** The Euclidean norm of each tensor, in one: [tensors]. */
  norms(): Tensor {
    return stack(runMany(NORM, this.h));
  }
  /** The Euclidean norm of all elements together, 0-dimensional. */
  norm(): Tensor {
    return this.norms().norm();
  }
  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose();
  }
}

const MUL = operator("_foreach_mul_.Scalar");
const MUL_NEW = operator("_foreach_mul.Scalar");
const MUL_EACH = operator("_foreach_mul.List");
const MUL_EACH_ = operator("_foreach_mul_.List");
const ADD = operator("_foreach_add_.List");
const ADD_NEW = operator("_foreach_add.List");
const ADD_SCALAR = operator("_foreach_add_.Scalar");
const ADDCMUL = operator("_foreach_addcmul_.Scalar");
const ADDCDIV = operator("_foreach_addcdiv_.Scalar");
const SQRT = operator("_foreach_sqrt");
const SIGN = operator("_foreach_sign");
const NORM = operator("_foreach_norm.Scalar");
const ZEROS_LIKE = operator("zeros_like");

/** Zeros of the same shapes, dtypes and devices. */
export const zerosLike = (list: TensorList): TensorList =>
  new TensorList(list.tensors.map((tensor) => run(ZEROS_LIKE, tensor.h)));

/** @file Calls on the hot path: operator index and handles in, handle out. No strings, no wrappers. */

import { native } from "./native.ts";
import type { Operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

let make: (handle: number) => Tensor;

/** `tensor.ts` says how a handle becomes a tensor; the other way round would be an import cycle. */
export function setTensorFactory(factory: (handle: number) => Tensor): void {
  make = factory;
}

export const wrap = (handle: number): Tensor => make(handle);

/** Arguments after the tensors are what the operator's schema says; `undefined` takes its default, `null` is None. */
type Rest = number | boolean | string | null | undefined | readonly (number | null)[] | Int32Array;

export const run1 = (op: Operator, a: Rest): Tensor => make(native().call(op.id, a) as number);
export const run2 = (op: Operator, a: Rest, b: Rest): Tensor => make(native().call(op.id, a, b) as number);
export const run = (op: Operator, ...args: Rest[]): Tensor => make(native().call(op.id, ...args) as number);

/** Operators that return several tensors. */
export const runMany = (op: Operator, ...args: Rest[]): Tensor[] =>
  (native().call(op.id, ...args) as number[]).map(make);

/** Operators that change their arguments and return nothing new. */
export function runInPlace(op: Operator, ...args: Rest[]): void {
  native().call(op.id, ...args);
}

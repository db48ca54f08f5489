/** @file Operators on each element, and pairs of arrays that are repeated to one shape. */

import type { GraphNode } from "../graph.ts";
import { type Budget, type Data, dataOf, describe, float, sizeOf, type Value } from "../value.ts";
import { fault, floats, input, integer, type Operator } from "./operator.ts";

/** o ← a ∘ b, b repeated; a loop for each operator, which engines compile each for itself. */
type Loop = (a: Data, b: Data, out: Data) => void;

const add: Loop = (a, b, out) => {
  for (let i = 0, j = 0, n = b.length; i < out.length; i++) {
    out[i] = a[i]! + b[j]!;
    if (++j === n) j = 0;
  }
};
const sub: Loop = (a, b, out) => {
  for (let i = 0, j = 0, n = b.length; i < out.length; i++) {
    out[i] = a[i]! - b[j]!;
    if (++j === n) j = 0;
  }
};
const mul: Loop = (a, b, out) => {
  for (let i = 0, j = 0, n = b.length; i < out.length; i++) {
    out[i] = a[i]! * b[j]!;
    if (++j === n) j = 0;
  }
};
const div: Loop = (a, b, out) => {
  for (let i = 0, j = 0, n = b.length; i < out.length; i++) {
    out[i] = a[i]! / b[j]!;
    if (++j === n) j = 0;
  }
};
const equal: Loop = (a, b, out) => {
  for (let i = 0, j = 0, n = b.length; i < out.length; i++) {
    out[i] = a[i] === b[j] ? 1 : 0;
    if (++j === n) j = 0;
  }
};
const greater: Loop = (a, b, out) => {
  for (let i = 0, j = 0, n = b.length; i < out.length; i++) {
    out[i] = a[i]! > b[j]! ? 1 : 0;
    if (++j === n) j = 0;
  }
};

/** The shape that both are repeated to, aligned at the last axis. */
export function broadcast(a: readonly number[], b: readonly number[], node: GraphNode): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) throw fault(node, `cannot join [${a}] and [${b}]`);
    return x === 1 ? y : x;
  });
}

/** Whether repeating b as it lies gives the shape: but for leading ones it is the shape's end. */
function isSuffix(b: readonly number[], dims: readonly number[]): boolean {
  const first = b.findIndex((size) => size !== 1);
  if (first < 0) return true;
  const own = b.slice(first);
  return own.every((size, i) => size === dims[dims.length - own.length + i]);
}

/** The value repeated to a shape; the value itself where it has it. */
export function repeat(value: Value, dims: readonly number[], node: GraphNode, budget: Budget): Value {
  if (value.dims.length === dims.length && value.dims.every((size, i) => size === dims[i])) return value;
  if (dims.some((size, i) => ![1, size].includes(value.dims[i - dims.length + value.dims.length] ?? 1)))
    throw fault(node, `cannot repeat ${describe(value)} to [${dims}]`);
  const data = dataOf(value.type, budget.take(dims));
  if (isSuffix(value.dims, dims)) {
    if (value.data.length === 1) data.fill(value.data[0]!);
    else for (let at = 0; at < data.length; at += value.data.length) data.set(value.data, at);
    return { type: value.type, dims, data };
  }
  const rank = dims.length;
  const strides = dims.map(() => 0);
  for (let i = rank - 1, stride = 1; i >= 0; i--) {
    const size = value.dims[i - rank + value.dims.length] ?? 1;
    strides[i] = size === 1 ? 0 : stride;
    stride *= size;
  }
  const index = dims.map(() => 0);
  for (let at = 0, from = 0; at < data.length; at++) {
    data[at] = value.data[from]!;
    for (let k = rank - 1; k >= 0; k--) {
      from += strides[k]!;
      if (++index[k]! < dims[k]!) break;
      from -= strides[k]! * dims[k]!;
      index[k] = 0;
    }
  }
  return { type: value.type, dims, data };
}

const binary =
  (loop: Loop, made?: "bool"): Operator =>
  (inputs, node, budget) => {
    const [a, b] = [input(inputs, 0, node), input(inputs, 1, node)];
    if (a.type !== b.type) throw fault(node, `joins ${describe(a)} and ${describe(b)}`);
    const dims = broadcast(a.dims, b.dims, node);
    const type = made ?? a.type;
    const data = dataOf(type, budget.take(dims));
    const right = isSuffix(b.dims, dims) ? b : repeat(b, dims, node, budget);
    loop(repeat(a, dims, node, budget).data, right.data, data);
    return { type, dims, data };
  };

const unary =
  (loop: (a: Float32Array, out: Float32Array, node: GraphNode) => void): Operator =>
  (inputs, node, budget) => {
    const a = floats(inputs, 0, node);
    const out = new Float32Array(budget.take(a.dims));
    loop(a.data, out, node);
    return float(a.dims, out);
  };

/**
 * erf(x) = 1 − t exp(−x² + P(t)), t = 1 / (1 + |x|/2), for x ≥ 0: right to 1.2e-7 relative.
 * As Press et al. 1992, "Numerical Recipes", have the complementary error function.
 */
function erf(x: number): number {
  const t = 1 / (1 + Math.abs(x) / 2);
  let P = 0;
  for (const coefficient of CHEBYSHEV) P = P * t + coefficient;
  const one = 1 - t * Math.exp(-x * x + P);
  return x < 0 ? -one : one;
}
const CHEBYSHEV = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223,
];

const clip: Operator = (inputs, node, budget) => {
  const a = input(inputs, 0, node);
  const [low, high] = [
    inputs[1]?.data[0] ?? Number.NEGATIVE_INFINITY,
    inputs[2]?.data[0] ?? Number.POSITIVE_INFINITY,
  ];
  const data = dataOf(a.type, budget.take(a.dims));
  for (let i = 0; i < data.length; i++) data[i] = Math.min(Math.max(a.data[i]!, low), high);
  return { type: a.type, dims: a.dims, data };
};

const where: Operator = (inputs, node, budget) => {
  const [c, x, y] = [0, 1, 2].map((i) => input(inputs, i, node)) as [Value, Value, Value];
  if (x.type !== y.type) throw fault(node, `chooses between ${describe(x)} and ${describe(y)}`);
  const dims = broadcast(broadcast(c.dims, x.dims, node), y.dims, node);
  const [test, yes, no] = [c, x, y].map((value) => repeat(value, dims, node, budget).data) as [
    Data,
    Data,
    Data,
  ];
  const data = dataOf(x.type, budget.take(dims));
  for (let i = 0; i < data.length; i++) data[i] = test[i] ? yes[i]! : no[i]!;
  return { type: x.type, dims, data };
};

/** Numbers of element types that Cast may ask for. */
const CASTS = new Map<number, Value["type"]>([
  [1, "float32"],
  [7, "int64"],
  [9, "bool"],
]);

const cast: Operator = (inputs, node, budget) => {
  const a = input(inputs, 0, node);
  const type = CASTS.get(integer(node, "to", 0));
  if (type === undefined) throw fault(node, "makes elements that are not known here");
  const data = dataOf(type, budget.take(a.dims));
  for (let i = 0; i < data.length; i++)
    data[i] =
      type === "bool" ? Number(a.data[i] !== 0) : type === "int64" ? Math.trunc(a.data[i]!) : a.data[i]!;
  return { type, dims: a.dims, data };
};

const not: Operator = (inputs, node, budget) => {
  const { dims, data } = input(inputs, 0, node);
  budget.take(dims);
  return { type: "bool", dims, data: Uint8Array.from(data, (x) => (x === 0 ? 1 : 0)) };
};

/** x_q and a scale for each entry of an axis: x = (x_q − 0) scale. */
const dequantize: Operator = (inputs, node, budget) => {
  const [q, scale] = [input(inputs, 0, node), floats(inputs, 1, node)];
  const axis = integer(node, "axis", 1);
  const inner = sizeOf(q.dims.slice(axis + 1));
  if (inputs[2] !== undefined || (scale.data.length !== 1 && scale.data.length !== q.dims[axis]))
    throw fault(node, `scales ${describe(q)} by ${describe(scale)}`);
  const out = new Float32Array(budget.take(q.dims));
  const n = scale.data.length;
  for (let i = 0; i < out.length; i++) out[i] = q.data[i]! * scale.data[Math.floor(i / inner) % n]!;
  return float(q.dims, out);
};

const map = (f: (x: number) => number): Operator =>
  unary((a, out) => {
    for (let i = 0; i < out.length; i++) out[i] = f(a[i]!);
  });

export const elementwise: Readonly<Record<string, Operator>> = {
  Identity: (inputs, node) => input(inputs, 0, node),
  ...{ Add: binary(add), Sub: binary(sub), Mul: binary(mul), Div: binary(div) },
  ...{ Equal: binary(equal, "bool"), Greater: binary(greater, "bool"), Not: not, Where: where },
  ...{ Clip: clip, Cast: cast, DequantizeLinear: dequantize },
  ...{ Tanh: map(Math.tanh), Sqrt: map(Math.sqrt), Exp: map(Math.exp), Log: map(Math.log), Erf: map(erf) },
  ...{ Neg: map((x) => -x), Abs: map(Math.abs), Sigmoid: map((x) => 1 / (1 + Math.exp(-x))) },
  Relu: unary((a, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! <= 0 ? 0 : a[i]!; // NaN stays
  }),
  LeakyRelu: unary((a, out, node) => {
    const slope = integer(node, "alpha", 0.01);
    for (let i = 0; i < out.length; i++) out[i] = a[i]! > 0 ? a[i]! : a[i]! * slope;
  }),
};

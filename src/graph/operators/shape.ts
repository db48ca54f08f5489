/** @file Operators that move elements and change none. */

import type { GraphNode } from "../graph.ts";
import { type Budget, dataOf, describe, integers as integerValue, sizeOf, type Value } from "../value.ts";
import { broadcast, repeat } from "./elementwise.ts";
import { axisOf, fault, input, integer, integers, type Operator, whole } from "./operator.ts";

const reshape: Operator = (inputs, node) => {
  const value = input(inputs, 0, node);
  const given = whole(input(inputs, 1, node)).map((size, i) => (size === 0 ? (value.dims[i] ?? 0) : size));
  const known = sizeOf(given.filter((size) => size !== -1));
  const dims = given.map((size) => (size === -1 ? value.data.length / Math.max(known, 1) : size));
  if (sizeOf(dims) !== value.data.length || !dims.every((size) => Number.isInteger(size) && size >= 0))
    throw fault(node, `cannot make [${given}] of ${describe(value)}`);
  return { ...value, dims };
};

/** The same elements, axes of length one put in or taken out. */
const unsqueeze: Operator = (inputs, node) => {
  const value = input(inputs, 0, node);
  const axes = whole(input(inputs, 1, node));
  const rank = value.dims.length + axes.length;
  const at = new Set(axes.map((axis) => axisOf(axis, rank, node)));
  if (at.size !== axes.length) throw fault(node, `names an axis twice: ${axes}`);
  const rest = [...value.dims];
  return { ...value, dims: Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : rest.shift()!)) };
};

const transpose: Operator = (inputs, node, budget) => {
  const value = input(inputs, 0, node);
  const rank = value.dims.length;
  const order = integers(
    node,
    "perm",
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
  if (
    new Set(order).size !== rank ||
    !order.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank)
  )
    throw fault(node, `has the order [${order}] for ${describe(value)}`);
  const strides = stridesOf(value.dims);
  return gatherStrided(
    value,
    order.map((axis) => value.dims[axis]!),
    order.map((axis) => strides[axis]!),
    0,
    budget,
  );
};

function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * dims[i + 1]!;
  return strides;
}

/** Elements read with a step for each axis, the last axis in the inner loop. */
function gatherStrided(
  value: Value,
  dims: number[],
  steps: readonly number[],
  start: number,
  budget: Budget,
): Value {
  const data = dataOf(value.type, budget.take(dims));
  const rank = dims.length;
  const [last, step] = [dims[rank - 1] ?? 1, steps[rank - 1] ?? 1];
  const index = dims.map(() => 0);
  for (let at = 0, from = start; at < data.length; ) {
    if (step === 1 && last > 8) {
      data.set(value.data.subarray(from, from + last), at);
      at += last;
    } else for (let j = 0, source = from; j < last; j++, source += step) data[at++] = value.data[source]!;
    for (let k = rank - 2; k >= 0; k--) {
      from += steps[k]!;
      if (++index[k]! < dims[k]!) break;
      from -= steps[k]! * dims[k]!;
      index[k] = 0;
    }
  }
  return { type: value.type, dims, data };
}

const concat: Operator = (inputs, node, budget) => {
  const values = inputs.map((_, i) => input(inputs, i, node));
  const first = input(inputs, 0, node);
  const axis = axisOf(integer(node, "axis", 0), first.dims.length, node);
  for (const { dims, type } of values)
    if (
      type !== first.type ||
      dims.length !== first.dims.length ||
      dims.some((size, i) => i !== axis && size !== first.dims[i])
    )
      throw fault(node, `cannot join ${values.map(describe).join(" and ")} along axis ${axis}`);
  const dims = first.dims.map((size, i) =>
    i === axis ? values.reduce((sum, value) => sum + value.dims[axis]!, 0) : size,
  );
  const data = dataOf(first.type, budget.take(dims));
  const outer = sizeOf(dims.slice(0, axis));
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (const { data: own } of values) {
      const length = own.length / outer;
      data.set(own.subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  return { type: first.type, dims, data };
};

/** Entries of an axis by their numbers. */
const gather: Operator = (inputs, node, budget) => {
  const [value, indices] = [input(inputs, 0, node), input(inputs, 1, node)];
  const axis = axisOf(integer(node, "axis", 0), value.dims.length, node);
  const [before, size, after] = [value.dims.slice(0, axis), value.dims[axis]!, value.dims.slice(axis + 1)];
  const dims = [...before, ...indices.dims, ...after];
  const data = dataOf(value.type, budget.take(dims));
  const [outer, inner] = [sizeOf(before), sizeOf(after)];
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (let i = 0; i < indices.data.length; i++) {
      const given = indices.data[i]!;
      const index = given < 0 ? given + size : given;
      if (!(Number.isInteger(index) && index >= 0 && index < size))
        throw fault(node, `asks for entry ${given} of ${size}`);
      const from = (row * size + index) * inner;
      data.set(value.data.subarray(from, from + inner), at);
      at += inner;
    }
  return { type: value.type, dims, data };
};

const slice: Operator = (inputs, node, budget) => {
  const value = input(inputs, 0, node);
  const [starts, ends] = [whole(input(inputs, 1, node)), whole(input(inputs, 2, node))];
  const axes = inputs[3] === undefined ? starts.map((_, i) => i) : whole(inputs[3]);
  const steps = inputs[4] === undefined ? starts.map(() => 1) : whole(inputs[4]);
  if (steps.some((step) => step !== 1)) throw fault(node, `has steps ${steps}; only 1 is known here`);
  if (ends.length !== starts.length || axes.length !== starts.length)
    throw fault(node, "has lists of unequal lengths");
  const strides = stridesOf(value.dims);
  const dims = [...value.dims];
  let start = 0;
  axes.forEach((given, i) => {
    const axis = axisOf(given, dims.length, node);
    const size = value.dims[axis]!;
    const bound = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size);
    const from = bound(starts[i]!);
    dims[axis] = Math.max(0, bound(ends[i]!) - from);
    start += from * strides[axis]!;
  });
  return gatherStrided(value, dims, strides, start, budget);
};

const shapeOf: Operator = (inputs, node) => {
  const { dims } = input(inputs, 0, node);
  const part = dims.slice(integer(node, "start", 0), integer(node, "end", dims.length));
  return integerValue([part.length], part);
};

const expand: Operator = (inputs, node, budget) => {
  const value = input(inputs, 0, node);
  const dims = broadcast(value.dims, whole(input(inputs, 1, node)), node);
  return repeat(value, dims, node, budget);
};

const constantOfShape: Operator = (inputs, node, budget) => {
  const dims = whole(input(inputs, 0, node));
  const filled = filling(node);
  if (!dims.every((size) => Number.isInteger(size) && size >= 0)) throw fault(node, `cannot make [${dims}]`);
  return { type: filled.type, dims, data: dataOf(filled.type, budget.take(dims)).fill(filled.data[0] ?? 0) };
};

function filling(node: GraphNode): Value {
  const value = node.attributes.get("value");
  if (value === undefined) return { type: "float32", dims: [1], data: new Float32Array(1) };
  if (typeof value === "object" && "dims" in value) return value;
  throw fault(node, "has no array to fill with");
}

export const shaping: Readonly<Record<string, Operator>> = {
  ...{
    Reshape: reshape,
    Unsqueeze: unsqueeze,
    Transpose: transpose,
    Concat: concat,
    Gather: gather,
    Slice: slice,
  },
  ...{ Shape: shapeOf, Expand: expand, ConstantOfShape: constantOfShape },
};

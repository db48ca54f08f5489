/** @file Sums, means, and what divides by them. */

import type { GraphNode } from "../graph.ts";
import { dataOf, describe, float, sizeOf, type Value } from "../value.ts";
import { expOfNegative } from "./exp.ts";
import { axisOf, fault, floats, input, integer, type Operator, whole } from "./operator.ts";

/** Elements of one group, reduced to a number. */
type Reduction = (sum: number, squares: number, count: number) => number;

/** Axes may be an input or an attribute; none means all. */
function axesOf(inputs: readonly (Value | undefined)[], node: GraphNode, rank: number): Set<number> {
  const given = inputs[1] === undefined ? node.attributes.get("axes") : whole(inputs[1]);
  const axes = Array.isArray(given) && given.length > 0 ? given : Array.from({ length: rank }, (_, i) => i);
  return new Set(axes.map((axis: number) => axisOf(axis, rank, node)));
}

const reduce =
  (result: Reduction): Operator =>
  (inputs, node, budget) => {
    const value = input(inputs, 0, node);
    const axes = axesOf(inputs, node, value.dims.length);
    const keep = integer(node, "keepdims", 1) === 1;
    const kept = value.dims.map((size, i) => (axes.has(i) ? 1 : size));
    const dims = keep ? kept : value.dims.filter((_, i) => !axes.has(i));
    budget.take(value.dims);
    const length = budget.take(kept);
    const [sums, squares] = [new Float64Array(length), new Float64Array(length)];
    walk(value, kept, (to, x) => {
      sums[to]! += x;
      squares[to]! += x * x;
    });
    const count = value.data.length / Math.max(length, 1);
    const data = dataOf(value.type, length);
    for (let i = 0; i < length; i++) data[i] = result(sums[i]!, squares[i]!, count);
    return { type: value.type, dims, data };
  };

/** Each element with the place of its group. */
function walk({ dims, data }: Value, kept: readonly number[], visit: (to: number, x: number) => void): void {
  const rank = dims.length;
  const strides = dims.map(() => 0);
  for (let i = rank - 1, stride = 1; i >= 0; i--) {
    strides[i] = kept[i] === dims[i] ? stride : 0;
    stride *= kept[i]!;
  }
  const index = dims.map(() => 0);
  for (let i = 0, to = 0; i < data.length; i++) {
    visit(to, data[i]!);
    for (let k = rank - 1; k >= 0; k--) {
      to += strides[k]!;
      if (++index[k]! < dims[k]!) break;
      to -= strides[k]! * dims[k]!;
      index[k] = 0;
    }
  }
}

/** Along one axis: element i of a group lies at base + i · inner. */
function groups(
  value: Value,
  axis: number,
  visit: (base: number, step: number, length: number) => void,
): void {
  const length = value.dims[axis]!;
  const inner = sizeOf(value.dims.slice(axis + 1));
  const outer = sizeOf(value.dims.slice(0, axis));
  for (let row = 0; row < outer; row++)
    for (let j = 0; j < inner; j++) visit(row * length * inner + j, inner, length);
}

/** One group; a function of its own, which engines compile well. */
function softmaxOf(data: Float32Array, out: Float32Array, base: number, step: number, length: number): void {
  const end = base + length * step;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = base; i < end; i += step) {
    const x = data[i]!;
    if (!(x <= largest)) largest = x; // NaN stays
  }
  let sum = 0;
  for (let i = base; i < end; i += step) {
    const e = expOfNegative(data[i]! - largest);
    out[i] = e;
    sum += e;
  }
  const scale = 1 / sum;
  for (let i = base; i < end; i += step) out[i]! *= scale;
}

const softmax: Operator = (inputs, node, budget) => {
  const value = floats(inputs, 0, node);
  const { data } = value;
  const out = new Float32Array(budget.take(value.dims, 4));
  groups(value, axisOf(integer(node, "axis", -1), value.dims.length, node), (base, step, length) =>
    softmaxOf(data, out, base, step, length),
  );
  return float(value.dims, out);
};

const cumsum: Operator = (inputs, node, budget) => {
  const value = input(inputs, 0, node);
  const axis = axisOf(whole(input(inputs, 1, node))[0] ?? 0, value.dims.length, node);
  const data = dataOf(value.type, budget.take(value.dims));
  groups(value, axis, (base, step, length) => {
    let sum = 0;
    for (let i = base; i < base + length * step; i += step) {
      sum += value.data[i]!;
      data[i] = sum;
    }
  });
  return { type: value.type, dims: value.dims, data };
};

/** (x − mean) / √(var + ε) · w + b over the last axis. */
const layerNormalization: Operator = (inputs, node, budget) => {
  const [x, w] = [floats(inputs, 0, node), floats(inputs, 1, node)];
  const b = inputs[2] === undefined ? undefined : floats(inputs, 2, node);
  const n = x.dims.at(-1) ?? 0;
  const axis = axisOf(integer(node, "axis", -1), x.dims.length, node);
  if (axis !== x.dims.length - 1 || w.data.length !== n || (b !== undefined && b.data.length !== n))
    throw fault(node, `normalises the last axis of ${describe(x)} alone, by weights of its length`);
  const epsilon = integer(node, "epsilon", 1e-5);
  const out = new Float32Array(budget.take(x.dims, 4));
  const shift = b?.data ?? new Float32Array(n);
  for (let row = 0; row < out.length; row += n) {
    let [mean, variance] = [0, 0];
    for (let j = 0; j < n; j++) mean += x.data[row + j]!;
    mean /= n;
    for (let j = 0; j < n; j++) variance += (x.data[row + j]! - mean) ** 2;
    const scale = 1 / Math.sqrt(variance / n + epsilon);
    for (let j = 0; j < n; j++) out[row + j] = (x.data[row + j]! - mean) * scale * w.data[j]! + shift[j]!;
  }
  return float(x.dims, out);
};

/** By running statistics, per channel, the second axis. */
const batchNormalization: Operator = (inputs, node, budget) => {
  const [x, w, b, mean, variance] = [0, 1, 2, 3, 4].map((i) => floats(inputs, i, node)) as (Value & {
    data: Float32Array;
  })[];
  const channels = x!.dims[1] ?? 0;
  if ([w, b, mean, variance].some((each) => each!.data.length !== channels))
    throw fault(node, `normalises ${describe(x!)} by statistics of another length`);
  const epsilon = integer(node, "epsilon", 1e-5);
  const inner = sizeOf(x!.dims.slice(2));
  const out = new Float32Array(budget.take(x!.dims, 2));
  for (let at = 0, c = 0; at < out.length; at += inner, c = (c + 1) % channels) {
    const scale = w!.data[c]! / Math.sqrt(variance!.data[c]! + epsilon);
    const shift = b!.data[c]! - mean!.data[c]! * scale;
    for (let i = at; i < at + inner; i++) out[i] = x!.data[i]! * scale + shift;
  }
  return float(x!.dims, out);
};

export const normalising: Readonly<Record<string, Operator>> = {
  ReduceSum: reduce((sum) => sum),
  ReduceMean: reduce((sum, _, count) => sum / count),
  ReduceL2: reduce((_, squares) => Math.sqrt(squares)),
  ...{ Softmax: softmax, CumSum: cumsum },
  ...{ LayerNormalization: layerNormalization, BatchNormalization: batchNormalization },
};

/** @file Convolutions, pooling and resizing of maps [b, c, H, W]. */

import type { GraphNode } from "../graph.ts";
import { describe, float, type Value } from "../value.ts";
import { fault, floats, integer, integers, type Operator, word } from "./operator.ts";
import { gemm } from "./product.ts";

type Floats = Value & { data: Float32Array };

/** How windows lie on a map. */
interface Windows {
  kernel: readonly [number, number];
  stride: readonly [number, number];
  /** Rows and columns of padding before; after. */
  pad: readonly [number, number];
  end: readonly [number, number];
  dilation: readonly [number, number];
}

function maps(inputs: readonly (Value | undefined)[], index: number, node: GraphNode): Floats {
  const value = floats(inputs, index, node);
  if (value.dims.length !== 4) throw fault(node, `expects maps [b, c, H, W], got ${describe(value)}`);
  return value;
}

function windowsOf(node: GraphNode, kernel: readonly number[]): Windows {
  const two = (name: string): [number, number] =>
    integers(node, name, [1, 1]).slice(0, 2) as [number, number];
  const [top = 0, left = 0, bottom = 0, right = 0] = integers(node, "pads", [0, 0, 0, 0]);
  const made: Windows = {
    ...{
      kernel: [kernel[0] ?? 0, kernel[1] ?? 0],
      stride: two("strides"),
      pad: [top, left],
      end: [bottom, right],
    },
    dilation: two("dilations"),
  };
  const counts = [...made.kernel, ...made.stride, ...made.dilation];
  if (
    word(node, "auto_pad", "NOTSET") !== "NOTSET" ||
    !counts.every((n) => Number.isInteger(n) && n >= 1 && n <= 1e6)
  )
    throw fault(node, "has windows that are not known here");
  if (![top, left, bottom, right].every((n) => Number.isInteger(n) && n >= 0 && n <= 1e6))
    throw fault(node, "has a padding that no map has");
  return made;
}

/** Windows along one axis. */
const places = (size: number, w: Windows, axis: 0 | 1): number =>
  Math.floor(
    (size + w.pad[axis] + w.end[axis] - w.dilation[axis] * (w.kernel[axis] - 1) - 1) / w.stride[axis],
  ) + 1;

function outputOf(x: Floats, w: Windows, node: GraphNode): [number, number] {
  const rows = places(x.dims[2]!, w, 0);
  const columns = places(x.dims[3]!, w, 1);
  if (!(rows >= 1 && columns >= 1)) throw fault(node, `has windows larger than the map ${describe(x)}`);
  return [rows, columns];
}

/** For each place of the kernel and each window: where it reads, or −1 in the padding. [kh kw, rows columns] */
function reading(
  [H, W]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  w: Windows,
): Int32Array {
  const [kh, kw] = w.kernel;
  const at = new Int32Array(kh * kw * rows * columns);
  let next = 0;
  for (let i = 0; i < kh; i++)
    for (let j = 0; j < kw; j++)
      for (let r = 0; r < rows; r++) {
        const y = r * w.stride[0] - w.pad[0] + i * w.dilation[0];
        for (let c = 0; c < columns; c++) {
          const x = c * w.stride[1] - w.pad[1] + j * w.dilation[1];
          at[next++] = y >= 0 && y < H && x >= 0 && x < W ? y * W + x : -1;
        }
      }
  return at;
}

/** X ⋆ W + b, as products with the windows written out. W [out, in / groups, kh, kw] */
const conv: Operator = (inputs, node, budget) => {
  const [x, W] = [maps(inputs, 0, node), maps(inputs, 1, node)];
  const bias = inputs[2] === undefined ? undefined : floats(inputs, 2, node);
  const group = integer(node, "group", 1);
  const [b, channels, H, width] = x.dims as [number, number, number, number];
  const [out, each] = W.dims as [number, number, number, number];
  const own = out / group;
  if (
    !(group >= 1) ||
    each * group !== channels ||
    !Number.isInteger(own) ||
    (bias && bias.data.length !== out)
  )
    throw fault(node, `cannot convolve ${describe(x)} with ${describe(W)} in ${group} groups`);
  const windows = windowsOf(node, W.dims.slice(2));
  const [rows, columns] = outputOf(x, windows, node);
  const area = rows * columns;
  const taps = windows.kernel[0] * windows.kernel[1];
  const dims = [b, out, rows, columns];
  const made = new Float32Array(budget.take(dims, each * taps));
  const unfolded = new Float32Array(budget.take([each * taps, area]));
  const at = reading([H, width], [rows, columns], windows);
  for (let n = 0; n < b; n++)
    for (let g = 0; g < group; g++) {
      for (let c = 0; c < each; c++) {
        const from = ((n * group + g) * each + c) * H * width;
        const to = c * taps * area;
        for (let i = 0; i < at.length; i++) unfolded[to + i] = at[i]! < 0 ? 0 : x.data[from + at[i]!]!;
      }
      const target = { data: made, from: (n * out + g * own) * area };
      gemm(
        { data: W.data, from: g * own * each * taps },
        { data: unfolded, from: 0 },
        target,
        own,
        each * taps,
        area,
      );
    }
  if (bias !== undefined) addChannels(made, bias.data, area);
  return float(dims, made);
};

function addChannels(maps: Float32Array, bias: Float32Array, area: number): void {
  for (let at = 0, c = 0; at < maps.length; at += area, c = (c + 1) % bias.length)
    for (let i = at; i < at + area; i++) maps[i]! += bias[c]!;
}

/** The transpose of a convolution: each entry is spread over a window. W [in, out, kh, kw] */
const convTranspose: Operator = (inputs, node, budget) => {
  const [x, W] = [maps(inputs, 0, node), maps(inputs, 1, node)];
  const bias = inputs[2] === undefined ? undefined : floats(inputs, 2, node);
  const [b, channels, rows, columns] = x.dims as [number, number, number, number];
  const out = W.dims[1]!;
  if (integer(node, "group", 1) !== 1 || W.dims[0] !== channels || (bias && bias.data.length !== out))
    throw fault(node, `cannot spread ${describe(x)} by ${describe(W)}`);
  const windows = windowsOf(node, W.dims.slice(2));
  const extra = integers(node, "output_padding", [0, 0]);
  const [H, width] = [0, 1].map((i) => {
    const axis = i as 0 | 1;
    const reach = windows.dilation[axis] * (windows.kernel[axis] - 1) + 1;
    return (
      (x.dims[2 + i]! - 1) * windows.stride[axis] -
      windows.pad[axis] -
      windows.end[axis] +
      reach +
      (extra[i] ?? 0)
    );
  }) as [number, number];
  const taps = windows.kernel[0] * windows.kernel[1];
  const [area, dims] = [rows * columns, [b, out, H, width]];
  if (!(H >= 1 && width >= 1)) throw fault(node, "makes an empty map");
  const made = new Float32Array(budget.take(dims));
  const spread = new Float32Array(budget.take([out * taps, area], b * channels));
  const at = reading([H, width], [rows, columns], windows);
  const turned = new Float32Array(budget.take(W.dims)); //                       [out kh kw, in]
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < out * taps; i++) turned[i * channels + c] = W.data[c * out * taps + i]!;
  for (let n = 0; n < b; n++) {
    spread.fill(0);
    const maps = { data: x.data, from: n * channels * area };
    gemm({ data: turned, from: 0 }, maps, { data: spread, from: 0 }, out * taps, channels, area);
    for (let o = 0; o < out; o++) {
      const to = (n * out + o) * H * width;
      for (let i = 0; i < at.length; i++) if (at[i]! >= 0) made[to + at[i]!]! += spread[o * at.length + i]!;
    }
  }
  if (bias !== undefined) addChannels(made, bias.data, H * width);
  return float(dims, made);
};

const pool =
  (kind: "mean" | "largest"): Operator =>
  (inputs, node, budget) => {
    const x = maps(inputs, 0, node);
    const windows = windowsOf(node, integers(node, "kernel_shape"));
    const [rows, columns] = outputOf(x, windows, node);
    const [b, channels, H, W] = x.dims as [number, number, number, number];
    if (integer(node, "ceil_mode", 0) !== 0) throw fault(node, "rounds up, which is not known here");
    const taps = windows.kernel[0] * windows.kernel[1];
    const dims = [b, channels, rows, columns];
    const out = new Float32Array(budget.take(dims, taps));
    const area = rows * columns;
    budget.take([taps, area]);
    const at = reading([H, W], [rows, columns], windows);
    const whole = integer(node, "count_include_pad", 0) === 1;
    for (let map = 0; map < b * channels; map++)
      for (let place = 0; place < area; place++) {
        let [sum, largest, count] = [0, Number.NEGATIVE_INFINITY, 0];
        for (let tap = 0; tap < taps; tap++) {
          const from = at[tap * area + place]!;
          if (from < 0) continue;
          const value = x.data[map * H * W + from]!;
          sum += value;
          count++;
          largest = Math.max(largest, value);
        }
        out[map * area + place] = kind === "largest" ? largest : sum / (whole ? taps : count);
      }
    return float(dims, out);
  };

/** Bilinear: between the centres of pixels, as libtorch without aligned corners has it. */
const resize: Operator = (inputs, node, budget) => {
  const x = maps(inputs, 0, node);
  const scales = inputs[2] === undefined ? [] : Array.from(inputs[2].data as ArrayLike<number>);
  const half = word(node, "coordinate_transformation_mode", "half_pixel") === "half_pixel";
  if (
    word(node, "mode", "nearest") !== "linear" ||
    !half ||
    scales.length !== 4 ||
    scales[0] !== 1 ||
    scales[1] !== 1
  )
    throw fault(node, "is no bilinear resizing by scales of height and width");
  const [b, channels, H, W] = x.dims as [number, number, number, number];
  const [rows, columns] = [Math.floor(H * scales[2]!), Math.floor(W * scales[3]!)];
  if (!(rows >= 1 && columns >= 1)) throw fault(node, "makes an empty map");
  const dims = [b, channels, rows, columns];
  const out = new Float32Array(budget.take(dims, 8));
  const [ys, xs] = [between(rows, H, scales[2]!), between(columns, W, scales[3]!)];
  for (let map = 0, at = 0; map < b * channels; map++)
    for (const [top, bottom, down] of ys)
      for (const [left, right, across] of xs) {
        const read = (y: number, column: number) => x.data[(map * H + y) * W + column]!;
        const upper = read(top, left) * (1 - across) + read(top, right) * across;
        const lower = read(bottom, left) * (1 - across) + read(bottom, right) * across;
        out[at++] = upper * (1 - down) + lower * down;
      }
  return float(dims, out);
};

/** For each entry of the new axis: the two old ones that it lies between, and how far from the first. */
function between(length: number, size: number, scale: number): [low: number, high: number, share: number][] {
  return Array.from({ length }, (_, i) => {
    const at = Math.min(Math.max((i + 0.5) / scale - 0.5, 0), size - 1);
    const low = Math.floor(at);
    return [low, Math.min(low + 1, size - 1), at - low];
  });
}

export const convolving: Readonly<Record<string, Operator>> = {
  ...{ Conv: conv, ConvTranspose: convTranspose, Resize: resize },
  ...{ AveragePool: pool("mean"), MaxPool: pool("largest") },
};

/** @file Products of matrices. */

import { describe, float, sizeOf } from "../value.ts";
import { broadcast } from "./elementwise.ts";
import { fault, floats, type Operator } from "./operator.ts";
import { COLUMNS, MOST_NUMBERS, ROWS, type Simd, simd } from "./simd.ts";

/** Where a matrix begins in an array. */
export interface At {
  data: Float32Array;
  from: number;
}

/** Four columns of B, one row after the other; wide, so that they are converted once for all rows of A. */
let panel = new Float64Array(0);

/** Smaller products are done before their numbers are copied. */
const LEAST_WORK = 2048;

/** C += A B: A [m, k], B [k, n], C [m, n]. */
export function gemm(a: At, b: At, c: At, m: number, k: number, n: number): void {
  if (k === 0) return;
  const kernel = m < ROWS || m * k * n < LEAST_WORK ? undefined : simd();
  if (kernel === undefined || !bySimd(kernel, a, b, c, m, k, n)) plain(a, b, c, m, k, n);
}

/** By tiles of four rows and eight columns, in single precision. @returns false: too large for the kernel's memory */
function bySimd({ tile, numbers }: Simd, a: At, b: At, c: At, m: number, k: number, n: number): boolean {
  const [rows, columns] = [Math.ceil(m / ROWS) * ROWS, Math.ceil(n / COLUMNS) * COLUMNS];
  const bAt = rows * k;
  // a tile at the right edge reads on into the next row, and of the last one beyond it: those columns are not kept
  const cAt = bAt + k * n + COLUMNS;
  const size = cAt + rows * columns;
  if (size > MOST_NUMBERS) return false;
  const memory = numbers(size);
  memory.set(a.data.subarray(a.from, a.from + m * k), 0);
  memory.set(b.data.subarray(b.from, b.from + k * n), bAt);
  for (let i = 0; i < rows; i += ROWS)
    for (let j = 0; j < n; j += COLUMNS)
      tile(4 * i * k, 4 * (bAt + j), 4 * (cAt + i * columns + j), k, 4 * k, 4 * n, 4 * columns);
  const C = c.data;
  for (let i = 0, from = cAt, to = c.from; i < m; i++, from += columns, to += n)
    for (let j = 0; j < n; j++) C[to + j]! += memory[from + j]!;
  return true;
}

/** Two rows and four columns at a time stay in registers. */
function plain(a: At, b: At, c: At, m: number, k: number, n: number): void {
  if (panel.length < 4 * k) panel = new Float64Array(4 * k);
  for (let j = 0; j < n; j += 4) {
    const width = Math.min(4, n - j);
    for (let p = 0, to = 0, from = b.from + j; p < k; p++, to += 4, from += n)
      for (let q = 0; q < 4; q++) panel[to + q] = q < width ? b.data[from + q]! : 0;
    for (let i = 0; i < m; i += 2) tile(a, c, c.from + i * n + j, i, Math.min(2, m - i), width, k, n);
  }
}

/** Two rows of A times the panel; of an odd last row the second is the same, and is not kept. */
function tile(a: At, c: At, to: number, i: number, rows: number, width: number, k: number, n: number): void {
  const A = a.data;
  const B = panel;
  const C = c.data;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let t0 = 0;
  let t1 = 0;
  let t2 = 0;
  let t3 = 0;
  for (let p = 0, x = a.from + i * k, y = x + (rows - 1) * k; p < 4 * k; p += 4, x++, y++) {
    const u = A[x]!;
    const v = A[y]!;
    const b0 = B[p]!;
    const b1 = B[p + 1]!;
    const b2 = B[p + 2]!;
    const b3 = B[p + 3]!;
    s0 += u * b0;
    s1 += u * b1;
    s2 += u * b2;
    s3 += u * b3;
    t0 += v * b0;
    t1 += v * b1;
    t2 += v * b2;
    t3 += v * b3;
  }
  for (let row = 0; row < rows; row++) {
    const at = to + row * n;
    C[at]! += row === 0 ? s0 : t0;
    if (width > 1) C[at + 1]! += row === 0 ? s1 : t1;
    if (width > 2) C[at + 2]! += row === 0 ? s2 : t2;
    if (width > 3) C[at + 3]! += row === 0 ? s3 : t3;
  }
}

/** [..., m, k] × [..., k, n], the leading axes repeated to one another. */
const matmul: Operator = (inputs, node, budget) => {
  const [a, b] = [floats(inputs, 0, node), floats(inputs, 1, node)];
  const [m, k] = a.dims.slice(-2) as [number, number];
  const [rows, n] = b.dims.slice(-2) as [number, number];
  if (a.dims.length < 2 || b.dims.length < 2 || rows !== k)
    throw fault(node, `cannot multiply ${describe(a)} and ${describe(b)}`);
  const batch = broadcast(a.dims.slice(0, -2), b.dims.slice(0, -2), node);
  const dims = [...batch, m, n];
  const out = new Float32Array(budget.take(dims, k));
  const [left, right] = [sizeOf(a.dims.slice(0, -2)), sizeOf(b.dims.slice(0, -2))];
  const all = sizeOf(batch);
  const c = { data: out, from: 0 };
  if (right === 1 && left === all)
    gemm({ data: a.data, from: 0 }, { data: b.data, from: 0 }, c, all * m, k, n);
  else {
    const [of, to] = [places(a.dims.slice(0, -2), batch), places(b.dims.slice(0, -2), batch)];
    for (let q = 0; q < all; q++) {
      c.from = q * m * n;
      gemm({ data: a.data, from: of(q) * m * k }, { data: b.data, from: to(q) * k * n }, c, m, k, n);
    }
  }
  return float(dims, out);
};

/** Which matrix of an array stands at the q-th place of the shape that it is repeated to. */
function places(own: readonly number[], dims: readonly number[]): (q: number) => number {
  if (sizeOf(own) === sizeOf(dims)) return (q) => q;
  return (q) => {
    let [rest, at, stride] = [q, 0, 1];
    for (let i = dims.length - 1; i >= 0; i--) {
      const size = own[i - dims.length + own.length] ?? 1;
      if (size !== 1) at += (rest % dims[i]!) * stride;
      stride *= size;
      rest = Math.floor(rest / dims[i]!);
    }
    return at;
  };
}

export const products: Readonly<Record<string, Operator>> = { MatMul: matmul };

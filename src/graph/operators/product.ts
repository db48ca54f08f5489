/** @file Products of matrices. */

import { describe, float, sizeOf } from "../value.ts";
import { broadcast } from "./elementwise.ts";
import { fault, floats, type Operator } from "./operator.ts";

/** Where a matrix begins in an array. */
export interface At {
  data: Float32Array;
  from: number;
}

/** C += A B: A [m, k], B [k, n], C [m, n]. Four rows at a time, so that a row of B is read once for four. */
export function gemm(a: At, b: At, c: At, m: number, k: number, n: number): void {
  const [A, B, C] = [a.data, b.data, c.data];
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    const [a0, c0] = [a.from + i * k, c.from + i * n];
    const [c1, c2, c3] = [c0 + n, c0 + 2 * n, c0 + 3 * n];
    for (let p = 0; p < k; p++) {
      const x0 = A[a0 + p]!;
      const x1 = A[a0 + k + p]!;
      const x2 = A[a0 + 2 * k + p]!;
      const x3 = A[a0 + 3 * k + p]!;
      const row = b.from + p * n;
      for (let j = 0; j < n; j++) {
        const y = B[row + j]!;
        C[c0 + j]! += x0 * y;
        C[c1 + j]! += x1 * y;
        C[c2 + j]! += x2 * y;
        C[c3 + j]! += x3 * y;
      }
    }
  }
  for (; i < m; i++)
    for (let p = 0; p < k; p++) {
      const x = A[a.from + i * k + p]!;
      const [row, to] = [b.from + p * n, c.from + i * n];
      for (let j = 0; j < n; j++) C[to + j]! += x * B[row + j]!;
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

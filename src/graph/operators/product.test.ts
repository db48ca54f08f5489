import { expect, test } from "vitest";
import { gemm } from "./product.ts";
import { simd } from "./simd.ts";

const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 12.9898 * i) * 0.5);

test("the kernel of WebAssembly is there", () => {
  expect(simd()).toBeDefined();
});

test.each([
  [1, 5, 3],
  [4, 64, 8],
  [7, 33, 19],
  [50, 64, 64],
  [9, 300, 70],
])(
  "C += A B of %i × %i × %i, from places inside of arrays, as sums in double precision have it",
  (m, k, n) => {
    const [A, B, C] = [numbers(3 + m * k, 1), numbers(5 + k * n, 2), numbers(2 + m * n, 3)];
    const before = C.slice();
    gemm({ data: A, from: 3 }, { data: B, from: 5 }, { data: C, from: 2 }, m, k, n);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = before[2 + i * n + j]!;
        for (let p = 0; p < k; p++) sum += A[3 + i * k + p]! * B[5 + p * n + j]!;
        expect(Math.abs(C[2 + i * n + j]! - sum)).toBeLessThan(2e-6 * Math.sqrt(k));
      }
    expect([...C.subarray(0, 2)]).toEqual([...before.subarray(0, 2)]);
  },
);

import fc from "fast-check";
import { expect, test } from "vitest";
import { collectGarbage } from "../../test/gc.ts";
import {
  arange,
  cat,
  type DType,
  eye,
  full,
  memory,
  type Nested,
  ones,
  scope,
  stack,
  type TypedArray,
  tensor,
  zeros,
} from "./index.ts";

test.each<[DType, TypedArray, Nested]>([
  ["float32", Float32Array.of(1.5, -0, Infinity), [1.5, -0, Infinity]],
  ["float64", Float64Array.of(0.1, NaN, 1e300), [0.1, NaN, 1e300]],
  ["bfloat16", Uint16Array.of(0x3f80, 0xc000, 0x7f80), [1, -2, Infinity]],
  ["float16", Uint16Array.of(0x3c00, 0xc000, 0x3555), [1, -2, 0.333251953125]],
  ["int64", BigInt64Array.of(1n, -(2n ** 62n), 3n), [1, -(2 ** 62), 3]],
  ["int32", Int32Array.of(1, -(2 ** 31), 3), [1, -(2 ** 31), 3]],
  ["int16", Int16Array.of(1, -32768, 3), [1, -32768, 3]],
  ["int8", Int8Array.of(1, -128, 3), [1, -128, 3]],
  ["uint8", Uint8Array.of(0, 255, 3), [0, 255, 3]],
  [
    "complex64",
    Float32Array.of(1, 2, 3, -4),
    [
      [1, 2],
      [3, -4],
    ],
  ],
  [
    "complex128",
    Float64Array.of(1, 2, 3, -4),
    [
      [1, 2],
      [3, -4],
    ],
  ],
])("%s goes in and comes out bit for bit", (dtype, array, values) => {
  using x = tensor(array, { dtype });
  expect(x.dtype).toBe(dtype);
  expect(x.data()).toEqual(array);
  expect(x.toArray()).toEqual(values);
});

test("booleans: anything but 0 is true, and a byte of 2 is not let in", () => {
  using x = tensor(Uint8Array.of(0, 1, 2), { dtype: "bool" });
  expect([x.dtype, x.data()]).toEqual(["bool", Uint8Array.of(0, 1, 1)]);
  using y = tensor([[0, 3]], { dtype: "bool" });
  expect(y.toArray()).toEqual([[0, 1]]);
});

test("numbers become float32 unless a dtype is named", () => {
  using x = tensor([
    [1, 2.5],
    [3, 4],
  ]);
  expect([x.dtype, x.shape]).toEqual(["float32", [2, 2]]);
  using i = tensor([1, 2], { dtype: "int64" });
  expect(i.data()).toEqual(BigInt64Array.of(1n, 2n));
  using half = tensor([1, 1 / 3], { dtype: "bfloat16" });
  expect(half.data()).toEqual(Uint16Array.of(0x3f80, 0x3eab));
  using z = tensor([1, 2], { dtype: "complex64" });
  expect(z.toArray()).toEqual([
    [1, 0],
    [2, 0],
  ]);
  using scalar = tensor(7);
  expect([scalar.shape, scalar.item(), scalar.toArray()]).toEqual([[], 7, 7]);
});

test("empty tensors keep their shapes", () => {
  using a = tensor([]);
  using b = tensor([[], []]);
  using c = zeros([2, 0, 3]);
  expect([a.shape, b.shape, c.shape]).toEqual([[0], [2, 0], [2, 0, 3]]);
  expect([a.toArray(), b.toArray(), c.toArray()]).toEqual([[], [[], []], [[], []]]);
  expect([a.data().length, c.view().length]).toEqual([0, 0]);
});

test.each<[string, Nested]>([
  ["rows of different lengths", [[1, 2], [3]]],
  ["a number beside an array", [1, [2]]],
  ["an array beside a number", [[1], 2]],
  ["lengths that make up for each other", [[[1, 2]], [[3]], [[4, 5, 6]]]],
])("%s are ragged", (_, values) => {
  expect(() => tensor(values)).toThrow("expected rows of equal length, got ragged arrays");
});

test("a shape that does not fit says both counts", () => {
  expect(() => tensor(new Float32Array(5), { shape: [2, 3] })).toThrow("shape [2, 3] has 6 elements, got 5");
  expect(() => tensor(new Float32Array(6), { shape: [2, 3], dtype: "complex64" })).toThrow("got 3");
});

test("share: both sides see each other's writes; a copy does not", () => {
  const array = Float32Array.of(1, 2, 3, 4);
  using copy = tensor(array, { shape: [2, 2] });
  using shared = tensor(array, { shape: [2, 2], share: true });
  array[0] = 9;
  shared.add_(1);
  expect(Array.from(array)).toEqual([10, 3, 4, 5]);
  expect(copy.numbers()).toEqual([1, 2, 3, 4]);
});

test("part of a buffer is shared, not all of it", () => {
  const whole = Float32Array.of(0, 1, 2, 3);
  using part = tensor(whole.subarray(1, 3), { share: true });
  part.mul_(10);
  expect(Array.from(whole)).toEqual([0, 10, 20, 3]);
});

test("a shared buffer lives as long as its tensor", async () => {
  const shared = (() => tensor(new Float64Array(100_000).fill(7), { share: true }))();
  await collectGarbage();
  const noise = Array.from({ length: 20 }, () => new Float64Array(100_000).fill(1));
  using sum = shared.sum();
  expect([sum.item(), noise.length]).toEqual([700_000, 20]);
  shared.dispose();
});

test("view() is the tensor's own memory, and keeps it alive", async () => {
  const x = full([50_000], 3);
  const view = x.view();
  const again = x.view();
  x.fill_(4);
  expect([view[0], again[49_999]]).toEqual([4, 4]);
  x.dispose();
  await collectGarbage();
  expect(view.every((value) => Number(value) === 4)).toBe(true);
});

test("view() refuses what is not contiguous", () => {
  using x = zeros([2, 3]);
  using t = x.T;
  expect(() => t.view()).toThrow("expected a contiguous tensor");
});

test("a SharedArrayBuffer is copied, and cannot be shared", () => {
  const array = new Float32Array(new SharedArrayBuffer(8));
  array.set([1, 2]);
  using x = tensor(array);
  array[0] = 5;
  expect(x.numbers()).toEqual([1, 2]);
  expect(() => tensor(array, { share: true })).toThrow("SharedArrayBuffer can only be copied");
});

test("factories", () => {
  scope(() => {
    expect(ones([2]).numbers()).toEqual([1, 1]);
    expect(full([2], 2.5, { dtype: "float64" }).numbers()).toEqual([2.5, 2.5]);
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(arange(3).data()).toEqual(BigInt64Array.of(0n, 1n, 2n));
    expect(arange(2, { start: 1, step: 0.5, dtype: "float32" }).numbers()).toEqual([1, 1.5]);
    expect(cat([ones([1]), zeros([2])]).numbers()).toEqual([1, 0, 0]);
    expect(stack([ones([1]), zeros([1])], 1).toArray()).toEqual([[1, 0]]);
  });
});

test("an array of any shape comes back as it went in", () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(shapes, (shape) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const values = Float64Array.from({ length: count }, (_, i) => Math.sin(i));
      const { tensors } = memory();
      using x = tensor(values, { shape });
      using again = tensor(x.toArray(), { dtype: "float64" });
      // an empty outer dimension hides the ones inside
      if (count > 0) expect(again.shape).toEqual(shape);
      expect(again.data()).toEqual(count > 0 ? values : again.data());
      expect(memory().tensors).toBe(tensors + 2);
    }),
    { seed: 1 },
  );
});

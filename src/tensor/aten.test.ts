import { expect, test } from "vitest";
import { aten, native, scope, type Tensor, TorchError, tensor, UsageError, zeros } from "./index.ts";

/** The error of a call, in one line. */
function message(call: () => unknown): string {
  try {
    scope(call);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  throw new Error("expected the call to throw");
}

/** Values and dtype of a result, which is freed. */
function result(call: () => Tensor): [unknown, string] {
  return scope(() => {
    const x = call();
    return [x.toArray(), x.dtype];
  });
}

const int = (...values: number[]): Tensor => tensor(values, { dtype: "int64" });

test("integral numbers are ints only where the tensors are integral", () => {
  expect(result(() => aten("mul.Scalar", int(1, 2), 2))).toEqual([[2, 4], "int64"]);
  expect(result(() => aten("mul.Scalar", int(1, 2), 2.5))).toEqual([[2.5, 5], "float32"]);
  expect(result(() => aten("add.Scalar", tensor([1, 2]), 1))).toEqual([[2, 3], "float32"]);
  expect(result(() => aten("add.Tensor", int(1), int(2), { alpha: 3 }))).toEqual([[7], "int64"]);
  expect(result(() => aten("add.Tensor", tensor([1]), int(2), { alpha: 3 }))).toEqual([[7], "float32"]);
  expect(result(() => aten("add.Scalar", tensor([1, 0], { dtype: "bool" }), 1))).toEqual([[2, 1], "int64"]);
  expect(result(() => aten("full", [2], 3, { dtype: null }))).toEqual([[3, 3], "int64"]); // no tensors at all
});

test("the hot path follows the same rule", () => {
  expect(result(() => int(1, 2).mul(2))).toEqual([[2, 4], "int64"]);
  expect(result(() => int(1, 2).mul(2.5))).toEqual([[2.5, 5], "float32"]);
  expect(result(() => int(7).pow(2))).toEqual([[49], "int64"]);
  expect(result(() => int(1).add(1e300))[1]).toBe("float32");
  expect(result(() => tensor([1, 2]).add(1))).toEqual([[2, 3], "float32"]);
  expect(result(() => int(1, 2).eq(2))).toEqual([[0, 1], "bool"]);
  expect(result(() => int(3).clamp(null, 2))).toEqual([[2], "int64"]);
});

test("a whole number given to a float argument becomes a double", () => {
  expect(result(() => aten("layer_norm", tensor([1, 3]), [2], null, null, 3))[0]).toEqual([-0.5, 0.5]);
  expect(result(() => aten("dropout", tensor([1, 2]), 0, false))).toEqual([[1, 2], "float32"]);
});

test("int[2] takes one number for both", () => {
  scope(() => {
    const x = zeros([1, 1, 8, 8]);
    expect(aten("avg_pool2d", x, 2).shape).toEqual([1, 1, 4, 4]);
    expect(aten("avg_pool2d", x, [2, 4]).shape).toEqual([1, 1, 4, 2]);
    expect(aten("avg_pool2d", x, 3, { stride: 1, padding: 1 }).shape).toEqual([1, 1, 8, 8]);
  });
});

test("dtypes, devices and booleans by name", () => {
  expect(result(() => aten("zeros", [1], "float64", null, "cpu", false))[1]).toBe("float64");
  expect(result(() => aten("to.dtype", tensor([1.5]), "int32"))).toEqual([[1], "int32"]);
  expect(result(() => aten("sum.dim_IntList", int(1, 2), [0], true))).toEqual([[3], "int64"]);
});

test("results are what the schema returns: numbers, booleans, lists", () => {
  scope(() => {
    expect(aten<number>("item", tensor([2.5]))).toBe(2.5);
    expect(aten<boolean>("equal", tensor([1]), tensor([1]))).toBe(true);
    const [values, indices] = aten<[Tensor, Tensor]>("sort", tensor([3, 1, 2]), 0, true);
    expect([values.numbers(), indices.numbers()]).toEqual([
      [3, 2, 1],
      [0, 2, 1],
    ]);
    expect(aten<Tensor[]>("split.Tensor", int(1, 2, 3), 2).map((part) => part.numel)).toEqual([2, 1]);
  });
});

test("optional tensors, and lists of them", () => {
  scope(() => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(aten("index.Tensor", x, [null, int(1)]).toArray()).toEqual([[2], [4]]);
    expect(aten("linear", x, tensor([[1, 1]]), null).numbers()).toEqual([3, 7]);
    expect(aten("linear", x, tensor([[1, 1]])).numbers()).toEqual([3, 7]);
  });
});

test("in place: the first argument comes back, not a second handle on it", () => {
  using x = tensor([1, 2]);
  using one = tensor([1, 1]);
  expect(aten("add_.Tensor", x, one)).toBe(x);
  expect(aten("_foreach_mul_.Scalar", [x], 2)).toEqual([x]);
  expect(x.numbers()).toEqual([4, 6]);
  using same = x.contiguous(); // a no-op: another handle on the same memory
  same.add_(1);
  expect(x.numbers()).toEqual([5, 7]);
});

test("arguments that do not fit the schema are refused by name", () => {
  scope(() => {
    const x = tensor([1, 2]);
    const bad = (...args: [string, ...Parameters<typeof aten>[1][]]) => message(() => aten(...args));
    expect(bad("add.Tensor", x)).toBe('add.Tensor: argument "other" is missing; given [2] float32');
    expect(bad("add.Tensor", x, 1)).toBe(
      'add.Tensor: argument "other": expected a tensor; given [2] float32',
    );
    expect(bad("add.Tensor", x, null)).toMatch('argument "other": expected a tensor');
    expect(bad("mul.Scalar", x, x)).toMatch('argument "other": expected a number');
    expect(bad("mul.Scalar", x, "2")).toMatch('argument "other": expected a number');
    expect(bad("cat", [x, 1 as never])).toMatch('argument "tensors": expected an array of tensors');
    expect(bad("cat", [x, null])).toMatch('argument "tensors": expected an array of tensors');
    expect(bad("cat", x)).toMatch('argument "tensors": expected an array of tensors');
    expect(bad("reshape", x, [x])).toMatch('argument "shape": expected an array of integers');
    expect(bad("reshape", x, 2)).toMatch('argument "shape": expected an array of integers');
    expect(bad("reshape", x, [1.5])).toMatch('argument "shape": expected an array of integers');
    expect(bad("reshape", x, [Number.POSITIVE_INFINITY])).toMatch("expected an array of integers");
    expect(bad("select.int", x, true, 0)).toMatch('argument "dim": expected an integer');
    expect(bad("sum.dim_IntList", x, [0], 1)).toMatch('argument "keepdim": expected a boolean');
    expect(bad("to.dtype", x, "float31")).toMatch('unknown dtype "float31"; expected one of float32');
    expect(bad("relu", x, 1, 2)).toMatch("relu: takes 1 arguments, got 3");
  });
});

test("a handle is no number, and a number no handle", () => {
  scope(() => {
    const x = zeros([2]);
    expect(message(() => aten("relu", x.handle))).toMatch("expected a tensor");
    expect(message(() => aten("cat", [x.handle] as never))).toMatch("expected an array of tensors");
  });
});

test("keywords: unknown, given twice, not at the end", () => {
  scope(() => {
    const x = tensor([1, 2]);
    expect(message(() => aten("softmax.int", x, { dimm: 0 }))).toMatch('softmax.int: no argument "dimm"');
    expect(message(() => aten("softmax.int", x, 0, { dim: 0 }))).toMatch('argument "dim" is given twice');
    expect(message(() => aten("softmax.int", { dim: 0 }, x))).toMatch("named arguments come last");
    expect(aten("softmax.int", x, { dim: 0 }).shape).toEqual([2]);
  });
});

test("an unknown operator is told with the nearest name, a bare one with its overloads", () => {
  expect(message(() => aten("matmull"))).toMatch(
    /no operator "aten::matmull" \(did you mean "aten::matmul"\?\)$/,
  );
  expect(message(() => aten("pow"))).toMatch(/name one of its overloads: aten::pow\.\w+, /);
});

test("libtorch's refusal comes through in one line, with operator and shapes", () => {
  scope(() => {
    const refused = (call: () => Tensor, says: RegExp) => {
      expect(call).toThrow(TorchError);
      expect(call).toThrow(says);
    };
    const [a, b] = [zeros([2, 3]), zeros([2, 4], { dtype: "float64" })];
    refused(() => a.matmul(b), /^matmul: [^\n]+; given \[2, 3\] float32, \[2, 4\] float64$/);
    refused(() => aten("cat", [a, b.T], 0), /^cat: [^\n]+; given 2 tensors$/);
    refused(
      () => a.reshape([7]),
      /^reshape: shape '\[7\]' is invalid for input of size 6; given \[2, 3\] float32$/,
    );
  });
});

test("a stale or invented handle is refused", () => {
  const x = zeros([2]);
  const { handle } = x;
  x.dispose();
  using other = zeros([3]); // takes the slot, in its next generation
  expect(other.handle).not.toBe(handle);
  expect(other.handle & 0xfffff).toBe(handle & 0xfffff);
  for (const wrong of [handle, 0, 1, -1, 2 ** 31 - 1]) {
    expect(() => native().shape(wrong)).toThrow(`expected a tensor, got ${wrong}`);
    expect(() => native().release(wrong)).toThrow(UsageError);
  }
  expect(other.shape).toEqual([3]);
});

test("slots are used again and again without a handle ever coming back to life", () => {
  const seen = new Set<number>();
  for (let i = 0; i < 2000; i++) {
    using x = zeros([1]);
    expect(seen.has(x.handle)).toBe(false);
    seen.add(x.handle);
  }
});

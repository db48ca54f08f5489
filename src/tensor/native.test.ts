import { expect, test } from "vitest";
import { collectGarbage } from "../../test/gc.ts";
import { aten, full, gradients, memory, native, ones, scope, tensor, UsageError, zeros } from "./index.ts";

/** Every kind of thing that is no whole number of at least 0. */
const NO_SIZES = [
  -1,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 60,
  "1",
  null,
  undefined,
  1n,
  {},
  Symbol("s"),
];
const refuse = (call: () => unknown, says: string | RegExp): void => {
  const before = memory().tensors;
  expect(call).toThrow(UsageError);
  expect(call).toThrow(says);
  expect(memory().tensors).toBe(before);
};
const addon = native();
const resizable = (length: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength: 2 * length }]);
const transfer = (buffer: ArrayBuffer): ArrayBuffer => structuredClone(buffer, { transfer: [buffer] });

test.each(NO_SIZES)("fromBuffer: %s is no offset, no length and no size", (wrong) => {
  const buffer = new ArrayBuffer(48);
  const from = (offset: unknown, length: unknown, shape: unknown) =>
    addon.fromBuffer(buffer, offset as number, length as number, shape as number[], "float32", false);
  refuse(() => from(wrong, 48, [12]), "expected an offset in bytes");
  refuse(() => from(0, wrong, [12]), "expected a length in bytes");
  refuse(() => from(0, 48, [12, wrong]), "expected sizes of at least 0");
  refuse(() => from(0, 48, wrong), "expected an array");
});

test("fromBuffer: what lies outside the buffer, however the numbers add up", () => {
  const from = (offset: number, length: number, shape: number[]) =>
    addon.fromBuffer(new ArrayBuffer(48), offset, length, shape, "float32", false);
  refuse(() => from(4, 48, [12]), "bytes 4 to 52 lie outside the buffer of 48");
  refuse(() => from(2 ** 53, 48, [12]), "lie outside the buffer");
  refuse(() => from(0, 48, [2 ** 32, 2 ** 32]), "shape needs");
  refuse(() => from(0, 0, [2 ** 53, 2 ** 53, 2 ** 53]), "shape needs");
  refuse(() => from(0, 48, new Array(2 ** 31) as number[]), "at most 1048576 entries");
});

test("fromBuffer: buffers that are detached, shared, shrunk, or no buffers", () => {
  const from = (buffer: unknown, share = false) =>
    addon.fromBuffer(buffer as ArrayBuffer, 0, 48, [12], "float32", share);
  const gone = new ArrayBuffer(48);
  transfer(gone);
  refuse(() => from(gone), "lie outside the buffer of 0");
  for (const wrong of [new SharedArrayBuffer(48), new Uint8Array(48), null, {}, 3])
    refuse(() => from(wrong), "expected an ArrayBuffer");
  const shrunk = resizable(48);
  (shrunk as unknown as { resize(length: number): void }).resize(8);
  refuse(() => from(shrunk), "lie outside the buffer of 8");
  refuse(() => from(resizable(48), true), "a resizable ArrayBuffer can only be copied");
});

test("fromBuffer: a shape that transfers the buffer while it is read", () => {
  const buffer = new ArrayBuffer(8);
  const shape = [2];
  Object.defineProperty(shape, 0, {
    get() {
      if (buffer.byteLength > 0) transfer(buffer); // once: a detached one cannot go again
      return 2;
    },
  });
  refuse(() => addon.fromBuffer(buffer, 0, 8, shape, "float32", false), "lie outside the buffer of 0");
});

test("a shared buffer that is transferred is told, and never read again", async () => {
  const array = new Float32Array(50_000).fill(7);
  using x = tensor(array, { share: true });
  using part = x.narrow(0, 3, 2);
  transfer(array.buffer);
  await collectGarbage();
  expect(() => x.sum()).toThrow("an ArrayBuffer that tensors share was transferred to somebody else");
  expect(part.numbers()).toEqual([0, 0]); //                                   it has zeros of its own now
  using other = tensor(Float32Array.of(1, 2), { share: true });
  expect(other.numbers()).toEqual([1, 2]);
});

test("a view outlives its tensor's memory: resized, given other storage, freed", async () => {
  const x = full([50_000], 3);
  const view = x.view();
  const again = x.view();
  using other = zeros([4]);
  aten("resize_", x, [1_000_000]);
  expect(x.shape).toEqual([1_000_000]);
  aten("set_.source_Tensor", x, other);
  expect(x.shape).toEqual([4]);
  x.dispose();
  await collectGarbage();
  const noise = Array.from({ length: 20 }, () => ones([50_000]));
  for (const array of [view, again]) expect(array.every((value) => Number(value) === 3)).toBe(true);
  for (const one of noise) one.dispose();
});

test("view() refuses what is not as it lies in memory", () => {
  scope(() => {
    const z = tensor([1, 2], { dtype: "complex64" });
    expect(() => aten("conj", z).view()).toThrow("expected a contiguous tensor");
    expect(() => aten("imag", aten("conj", z)).view()).toThrow("expected a contiguous tensor");
    expect(() => aten("to_sparse", ones([2, 2])).view()).toThrow("expected a contiguous tensor");
    expect(() => tensor(Float32Array.of(1), { share: true }).view()).toThrow("use that");
  });
});

test("handles are exact: neither rounded, nor wrapped, nor of an earlier owner", () => {
  using x = ones([2]);
  const h = x.handle;
  const stale = zeros([1]);
  const old = stale.handle;
  stale.dispose();
  using heir = zeros([1]); //                                                   has the slot of the stale one
  for (const wrong of [h + 0.5, h + 2 ** 32, -h, Number.NaN, Infinity, old, 0, null, undefined, "1", {}])
    for (const entry of ["shape", "dtype", "item", "bytes", "toBuffer", "viewBuffer", "share"] as const)
      refuse(() => addon[entry](wrong as number), "expected a tensor");
  const relu = addon.find("aten::relu");
  for (const wrong of [BigInt(h) + 2n ** 32n, BigInt(h) + 2n ** 64n, -1n, BigInt(old)])
    refuse(() => addon.callChecked(relu, [wrong], null), "expected a tensor");
  refuse(() => addon.gradients([h, null as never], [h], null, false, false), "expected tensors");
  refuse(() => addon.release([h + 2 ** 32] as never), "expected a tensor");
  expect(heir.numbers()).toEqual([0]);
});

test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 32, 2 ** 53, null, "0", {}, undefined])(
  "operators, generators and threads: there is no %s",
  (wrong) => {
    const index = wrong as number;
    refuse(() => addon.call(index, 1), "expected an operator");
    refuse(() => addon.callChecked(index, [], null), "expected an operator");
    refuse(() => addon.schema(index), "expected an operator");
    if (wrong !== undefined) refuse(() => addon.generator(1n, index), "expected a generator");
    refuse(() => addon.setThreads(index), "expected 1 to 1024 threads");
    if (wrong !== -1 && wrong !== 2 ** 32) refuse(() => addon.adjustMemory(index), "a number of bytes");
  },
);

test("seeds, factories, autocast: out of range, null, of other kinds", () => {
  refuse(() => addon.manualSeed(-1n), "expected a seed of at least 0");
  refuse(() => addon.generator(2n ** 64n), "below 2^64");
  refuse(() => addon.manualSeed(1 as never), "a bigint seed");
  for (const wrong of [null, undefined, {}, 1])
    refuse(() => addon.setErrorFactory(wrong as never), "expected a function");
  refuse(() => addon.setAutocast("cpu", "int64", true), "expected bfloat16, float16 or float32");
  refuse(() => addon.setAutocast("meta", "bfloat16", true), 'expected "cpu" or "cuda"');
  refuse(() => addon.setAutocast("cpu", "bfloat16", 1 as never), "a boolean");
  using x = ones([2, 2]);
  using product = x.matmul(x);
  expect(product.dtype).toBe("float32"); //                                     nothing of it stayed
  expect(addon.find("")).toBe(-1);
  expect(addon.find("aten::a\0b")).toBe(-1);
});

test("enumerations are names and small numbers: the operator does not look", () => {
  refuse(() => aten("zeros", [1], 99), 'argument "dtype": expected the name of a dtype');
  refuse(() => aten("zeros", [1], "float32", 7), 'argument "layout": expected 0');
  using x = ones([1]);
  refuse(() => aten("clone", x, { memory_format: 77 }), "a memory format, 0 to 3");
});

test("more results than handles: none of them stays", () => {
  scope(() => {
    const x = zeros([2 ** 20 + 1], { dtype: "bool" });
    refuse(() => aten("unbind.int", x), "more than 1048576 tensors are alive");
  });
});

test("operators that may end the process are refused, with the reason", () => {
  scope(() => {
    const x = ones([2]);
    refuse(
      () => aten("_nnpack_spatial_convolution", x, x, null, [0]),
      /is refused: it is internal to libtorch/,
    );
    refuse(() => aten("reflection_pad1d_backward", x, x, [1]), /is refused: it is called by gradients/);
    refuse(() => aten("quantized::conv2d", x, x), /is for a backend/);
    refuse(() => aten("from_file", "/dev/null"), /maps a file/);
    refuse(() => aten("add.out", x, x, { out: x }), /call it without out/);
    refuse(() => aten("linalg_eigvals", x), /linalg_eig checks it/);
    refuse(() => aten("binomial", x, x), /does not end where a count is NaN/);
    refuse(
      () => aten("lstm.input", x, [x, x], [x], false, 1, 0, false, false, false),
      /lstm_cell checks them/,
    );
    expect(aten<ReturnType<typeof ones>[]>("_foreach_add.Scalar", [x], 1)[0]!.numbers()).toEqual([2, 2]);
  });
});

test("functions that run while arguments are read: what they free is refused, what they throw comes through", () => {
  const x = ones([2]);
  const freeing = [x.handle, x.handle];
  Object.defineProperty(freeing, 1, {
    get() {
      x.dispose();
      return freeing[0];
    },
  });
  const cat = addon.find("aten::cat");
  expect(() => addon.call(cat, freeing)).toThrow(UsageError);
  const throwing = [1, 2];
  Object.defineProperty(throwing, 0, {
    get() {
      throw new RangeError("trap");
    },
  });
  expect(() => zeros(throwing)).toThrow(RangeError);
});

test("a gradient that is zero has no memory of its own, and can be read; a sparse tensor needs no scope", () => {
  scope(() => {
    const x = tensor([1, -2]).setRequiresGrad();
    const [slope] = gradients(aten("sgn", x).sum(), [x]);
    expect(slope!.numbers()).toEqual([0, 0]);
  });
  using dense = ones([2, 2]);
  using sparse = aten("to_sparse", dense);
  expect(sparse.shape).toEqual([2, 2]);
});

test("arrays without end are refused: an empty tensor may have any number of rows", () => {
  for (const shape of [
    [2 ** 31, 2, 0],
    [2 ** 31, 0, 2],
  ]) {
    using rows = aten("zeros", shape);
    expect(() => rows.toArray()).toThrow(
      /at most 2\^26 arrays, shape \[2147483648,\d,\d\] has \d+; use data\(\)/,
    );
  }
});

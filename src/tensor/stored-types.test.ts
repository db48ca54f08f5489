/** @file Element types, views and flags: every tensor of PyTorch's files is the numbers that PyTorch reads. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { archive, call, dict, named, type Piece, tensorOf, text, tuple, whole } from "../../test/pickles.ts";
import { CheckpointError } from "../base/errors.ts";
import { loadTensors, scope } from "./index.ts";
import type { StoredDType } from "./stored.ts";
import { tensorsOf } from "./tensor-file.ts";
import { parseTorch } from "./torch-file.ts";
import { widen } from "./widen.ts";

const fixture = (name: string): string => new URL(`../../test/weights/${name}`, import.meta.url).pathname;

describe.each(["dtypes.pth", "dtypes-legacy.pth"])("%s", (name) => {
  const bytes = new Uint8Array(readFileSync(fixture(name)));

  test("types stay in the file's own, and become those that libtorch computes with", () => {
    scope(() => {
      const { tensors } = loadTensors(fixture(name));
      const rows = [[0, 1, 2], [3, 4, 96]]; // biome-ignore format: rows
      for (const float of ["8_e4m3fn", "8_e5m2", "8_e4m3fnuz", "8_e5m2fnuz", "16", "32", "64"])
        expect(tensors.get(`float${float}`)!.toArray(), float).toEqual(rows);
      for (const whole of [
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "int8",
        "int16",
        "int32",
        "int64",
        "bfloat16",
      ])
        expect(tensors.get(whole)!.toArray(), whole).toEqual(rows);
      expect(tensors.get("bool")!.toArray()).toEqual([[0, 1, 1], [1, 1, 1]]); // biome-ignore format: rows
      expect(tensors.get("float8_e8m0fnu")!.toArray()).toEqual([1, 2, 0.5]);
      for (const complex of ["complex32", "complex64", "complex128"])
        expect([...tensors.get(complex)!.data()], complex).toEqual([0, 1, 2, 3, 4, 5]);
    });
    const { entries } = parseTorch(bytes, name);
    for (const [dtype, tensor] of entries)
      if (/^(b?float|u?int|bool|complex)/.test(dtype)) expect(tensor.dtype).toBe(dtype);
  });

  test("conjugates, negatives, transposed, expanded and overlapping views, a scalar, an empty one", () => {
    scope(() => {
      const { tensors } = loadTensors(fixture(name));
      const numbers = (key: string) => [...tensors.get(key)!.data()].map(Number);
      expect(numbers("conjugate")).toEqual([0, -1, 2, -3, 4, -5]);
      expect(numbers("negative")).toEqual([-1, -3, -5]);
      expect(tensors.get("transposed")!.toArray()).toEqual(
        [0, 1, 2, 3, 4, 5].map((i) => [i, i + 6, i + 12, i + 18]),
      );
      expect(tensors.get("part")!.toArray()).toEqual([[6, 8, 10], [12, 14, 16]]); // biome-ignore format: rows
      expect(tensors.get("expanded")!.toArray()).toEqual([1, 2, 3].map(() => [0, 1, 2, 3, 4, 5]));
      expect(tensors.get("overlapping")!.toArray()).toEqual([[0, 1, 2], [1, 2, 3], [2, 3, 4]]); // biome-ignore format: rows
      expect(tensors.get("scalar")!.item()).toBe(7);
      expect(tensors.get("empty")!.shape).toEqual([0, 3]);
    });
  });
});

describe("8-bit floats are the numbers of their definitions", () => {
  const fail = (what: string): never => {
    throw new Error(what);
  };
  const read = (dtype: StoredDType, ...codes: number[]): number[] => {
    const { bytes, dtype: wide } = widen(
      { dtype, shape: [codes.length], bytes: Uint8Array.from(codes) },
      fail,
    );
    expect(wide).toBe("bfloat16");
    const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, codes.length);
    return [...new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer)];
  };
  test.each<[StoredDType, number[], number[]]>([
    [
      "float8_e4m3fn",
      [0x00, 0x01, 0x08, 0x38, 0xb8, 0x7e, 0x7f],
      [0, 2 ** -9, 2 ** -6, 1, -1, 448, Number.NaN],
    ],
    ["float8_e5m2", [0x01, 0x3c, 0x7b, 0x7c, 0xfc, 0x7d], [2 ** -16, 1, 57344, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]], // biome-ignore format: one line each
    ["float8_e4m3fnuz", [0x01, 0x40, 0x7f, 0x80, 0xff], [2 ** -10, 1, 240, Number.NaN, -240]],
    ["float8_e5m2fnuz", [0x01, 0x40, 0x7f, 0x80], [2 ** -17, 1, 57344, Number.NaN]],
    ["float8_e8m0fnu", [0, 127, 254, 255], [2 ** -127, 1, 2 ** 127, Number.NaN]],
  ])("%s", (dtype, codes, values) => expect(read(dtype, ...codes)).toEqual(values));

  test("unsigned integers above int64 and types of half bytes are refused", () => {
    expect(() => widen({ dtype: "uint64", shape: [1], bytes: new Uint8Array(8).fill(255) }, fail)).toThrow(
      "above the largest int64",
    );
    expect(() => widen({ dtype: "float4_e2m1", shape: [2], bytes: new Uint8Array(1) }, fail)).toThrow(
      "cannot be computed with",
    );
  });
});

test("elements that were written highest byte first are turned round", () => {
  const big = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  for (let at = 0; at < big.length; at += 4) big.subarray(at, at + 4).reverse();
  const file = archive(
    dict({ x: tensorOf("0", 3, [3], [1]) }),
    { 0: [...new Float32Array(big.buffer)] },
    { byteorder: "big" },
  );
  scope(() => expect(tensorsOf(parseTorch(file), "big.pth").tensors.get("x")!.toArray()).toEqual([1, 2, 3]));
  expect(() => parseTorch(archive("}", {}, { byteorder: "middle" }))).toThrow('byte order "middle"');
});

test("arrays of NumPy are tensors where nothing else is: both orders of elements and of bytes", () => {
  const type = (order: string): Piece =>
    `${call(named("numpy", "dtype"), text("f4"))}${tuple(whole(3), text(order))}b`;
  const array = (values: Buffer, shape: number[], order = "<", fortran = false): Piece => {
    const bytes = `C${String.fromCharCode(values.length)}${values.toString("latin1")}`;
    const state = tuple(whole(1), tuple(...shape.map(whole)), type(order), fortran ? "\x88" : "\x89", bytes);
    return `${call(named("numpy.core.multiarray", "_reconstruct"))}${state}b`;
  };
  const little = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
  const big = Buffer.from(little).swap32();
  const arrays = { c: array(little, [2, 3]), f: array(little, [2, 3], "<", true), b: array(big, [6], ">") };
  scope(() => {
    const { tensors } = tensorsOf(parseTorch(archive(dict(arrays))), "n.pth");
    expect(tensors.get("c")!.toArray()).toEqual([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: rows
    expect(tensors.get("f")!.toArray()).toEqual([[1, 3, 5], [2, 4, 6]]); // biome-ignore format: rows
    expect(tensors.get("b")!.toArray()).toEqual([1, 2, 3, 4, 5, 6]);
  });
  const short = dict({ c: array(little.subarray(4), [2, 3]), x: tensorOf("0", 1, [1], [1]) });
  expect([...parseTorch(archive(short, { 0: [1] })).entries.keys()]).toEqual(["x"]);
});

test("what tells sizes that are not there is refused", () => {
  const read = (piece: Piece) => () => parseTorch(archive(dict({ x: piece }), { 0: [1, 2] }), "f.pth");
  expect(read(tensorOf("0", 2, [3], [1]))).toThrow('tensor "x": [3] ends outside its storage of 2 elements');
  expect(read(tensorOf("0", 3, [3], [1]))).toThrow('storage "0" has 8 bytes, expected 12');
  expect(read(tensorOf("1", 3, [3], [1]))).toThrow('"data/1" is missing in the archive');
  expect(read(tensorOf("0", 2, [2], [1, 1]))).toThrow(CheckpointError);
  expect(() => parseTorch(archive("}", {}, { "constants.pkl": "" }), "f.pth")).toThrow(
    "is a program of TorchScript",
  );
});

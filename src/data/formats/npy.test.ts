import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError } from "../../base/errors.ts";
import { zipChunks } from "../../base/write-zip.ts";
import { type DType, random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import { npyChunks, parseNpy } from "./npy.ts";
import { openNpz } from "./npz.ts";

const bytes = (x: Tensor): Buffer => Buffer.concat(npyChunks(x));
const base64 = (text: string): Buffer => Buffer.from(text, "base64");

// written by NumPy 1.24
const BIG_ENDIAN =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIArAAAAAv4AAAAAAAAA/gAAAQAAAAEBAAAA=";
const FORTRAN =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAChAAAAAAAAAEEAAAAAAAAAwQAAAAAAAACBAAAAAAAAANEAAAAAAAADwPwAAAAAAACpAAAAAAAAAFEAAAAAAAAAxQAAAAAAAACJAAAAAAAAANUAAAAAAAAAAQAAAAAAAACxAAAAAAAAAGEAAAAAAAAAyQAAAAAAAACRAAAAAAAAANkAAAAAAAAAIQAAAAAAAAC5AAAAAAAAAHEAAAAAAAAAzQAAAAAAAACZAAAAAAAAAN0A=";
const VERSION_2 =
  "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAPA/AAAAAAAAAEAAAAAAAAAIQAAAAAAAABBAAAAAAAAAFEA=";
/** np.savez_compressed: features [4, 3] of 0 … 11, ys [4] of 0 … 3 */
const PACKED =
  "UEsDBBQAAAAIAAAAIQAW46QgZgAAAOAAAAAMABQAZmVhdHVyZXMubnB5AQAQAOAAAAAAAAAAZgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOgrGmjoKtQpkAy4GFPDBHspwgFAcUFoASotAaQkoLQOlFaC0EpRWgdJqDgBQSwMEFAAAAAgAAAAhAMPD2tFPAAAAoAAAAAYAFAB5cy5ucHkBABAAoAAAAAAAAABPAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6mjoKtQoUAC4GKGCE0kxQmhlKAwBQSwECFAMUAAAACAAAACEAFuOkIGYAAADgAAAADAAAAAAAAAAAAAAAgAEAAAAAZmVhdHVyZXMubnB5UEsBAhQDFAAAAAgAAAAhAMPD2tFPAAAAoAAAAAYAAAAAAAAAAAAAAIABpAAAAHlzLm5weVBLBQYAAAAAAgACAG4AAAArAQAAAAA=";

test("NumPy's own files are read: big-endian, Fortran order, version 2, compressed archives", () => {
  scope(() => {
    const big = parseNpy(base64(BIG_ENDIAN), "big");
    expect([big.dtype, big.toArray()]).toEqual(["float32", [[-2, -1, 0], [1, 2, 3]]]); // biome-ignore format: rows
    const fortran = parseNpy(base64(FORTRAN), "fortran");
    expect(fortran.shape).toEqual([2, 3, 4]);
    expect(fortran.numbers()).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(parseNpy(base64(VERSION_2), "two").numbers()).toEqual([0, 1, 2, 3, 4, 5]);
    const packed = openNpz(base64(PACKED), "packed");
    expect([...packed.keys()]).toEqual(["features.npy", "ys.npy"]);
    expect(parseNpy(packed.get("ys.npy")!(), "ys").numbers()).toEqual([0, 1, 2, 3]);
  });
});

const DTYPES: DType[] = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]; // biome-ignore format: a list
test.each(DTYPES)("%s comes back as it was", (dtype) => {
  scope(() => {
    for (const shape of [[2, 3], [4], [], [0, 5], [2, 1, 2, 2]]) {
      const x = dtype === "bool" ? random(1).normal(shape).gt(0) : random(1).normal(shape).mul(9).to(dtype);
      const back = parseNpy(bytes(x), "back");
      expect([back.dtype, back.shape]).toEqual([dtype, shape]);
      expect(back.numbers()).toEqual(x.numbers());
    }
  });
});

test("bfloat16 is widened", () => {
  scope(() => {
    const x = random(1).normal([5]).to("bfloat16");
    const back = parseNpy(bytes(x), "back");
    expect(back.dtype).toBe("float32");
    expect(back.numbers()).toEqual(x.numbers());
  });
});

test.each([
  ["'<U1'", "False", "(2,)", "type U1, expected one of b1"],
  ["[('a', '<i4')]", "False", "(2,)", "not NumPy's, or an array of records"],
  ["'|O'", "False", "(2,)", "not NumPy's"],
  ["'<f4'", "Maybe", "(2,)", "not NumPy's"],
  ["'<f4'", "False", "(3,)", "f4 [3] takes 12 bytes, the file has 8"],
  ["'<f4'", "False", "(9007199254740993, 0)", "too large"],
  ["'<f4'", "False", "(-2,)", "not NumPy's"],
])("a header with %s, %s, %s is refused", (descr, order, shape, message) => {
  const fields = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(fields.length)}\x00${fields}`, "latin1");
  expect(() => parseNpy(Buffer.concat([head, Buffer.alloc(8)]), "made.npy")).toThrow(message);
});

/** Some bytes of a good file put in place of others, and its end cut off. */
const damaged = (good: Uint8Array) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      fc.boolean(),
    )
    .map(([changes, length, cut]) => {
      const bytes = Uint8Array.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      return cut ? bytes.subarray(0, length) : bytes;
    });

/** Reads or refuses with a DataError: nothing else may happen. */
function survives(read: () => unknown): void {
  scope(() => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      expect(error.message).not.toMatch(/\n/);
    }
  });
}

test("whatever the bytes, an array is read or refused", () => {
  const good = scope(() => bytes(random(1).normal([2, 3])));
  fc.assert(
    fc.property(fc.oneof(damaged(good), damaged(base64(VERSION_2)), fc.uint8Array()), (bytes) =>
      survives(() => parseNpy(bytes, "fuzz")),
    ),
    { seed: 1, numRuns: 400 },
  );
});

test("whatever the bytes, an archive is read or refused", () => {
  fc.assert(
    fc.property(fc.oneof(damaged(base64(PACKED)), fc.uint8Array({ maxLength: 80 })), (bytes) =>
      survives(() => {
        for (const [name, read] of openNpz(bytes, "fuzz")) parseNpy(read(), name);
      }),
    ),
    { seed: 2, numRuns: 400 },
  );
});

test("archives of ours have their members, and a changed byte is noticed", () => {
  scope(() => {
    const arrays = new Map([
      ["a.npy", npyChunks(tensor([1, 2, 3]))],
      ["ü.npy", npyChunks(zeros([0, 2]))],
    ]);
    const archive = Buffer.concat(zipChunks(arrays));
    const members = openNpz(archive, "ours");
    expect([...members.keys()]).toEqual(["a.npy", "ü.npy"]);
    expect(parseNpy(members.get("a.npy")!(), "a").numbers()).toEqual([1, 2, 3]);
    archive[160] = archive[160]! ^ 1;
    expect(() => openNpz(archive, "ours").get("a.npy")!()).toThrow(
      'ours: "a.npy" is damaged: it does not match its checksum',
    );
    expect(() => openNpz(archive.subarray(0, 90), "ours")).toThrow(
      "the archive has no directory: it is cut off",
    );
  });
});

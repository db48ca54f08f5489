/** @file Files of tensors: every dtype and form of memory comes back; what cannot be read or written says so. */

import { constants } from "node:buffer";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  arange,
  aten,
  CheckpointError,
  DiskError,
  eye,
  loadTensors,
  random,
  saveTensors,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "./index.ts";
import { serialiseSafetensors } from "./safetensors.ts";
import { tensorChunks } from "./tensor-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensor file-"));
  path = join(folder, "model.safetensors");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a test whose tensors are all freed. */
const inScope = (body: () => void) => () => {
  scope(body, "test");
};

/** Equal in dtype, shape and every bit. */
function expectSame(loaded: ReadonlyMap<string, Tensor>, saved: ReadonlyMap<string, Tensor>): void {
  expect([...loaded.keys()].sort()).toEqual([...saved.keys()].sort());
  for (const [name, tensor] of saved) {
    const other = loaded.get(name)!;
    expect([name, other.dtype, other.shape]).toEqual([name, tensor.dtype, tensor.shape]);
    expect(Buffer.compare(Buffer.from(other.data().buffer), Buffer.from(tensor.data().buffer)), name).toBe(0);
  }
}

const roundTrip = (tensors: ReadonlyMap<string, Tensor>) => {
  saveTensors(path, tensors);
  const { tensors: loaded } = loadTensors(path);
  expectSame(loaded, tensors);
  return loaded;
};

describe("round trip", () => {
  it(
    "keeps every dtype to its last bit",
    inScope(() => {
      const noise = random(1).normal([3, 5]).mul(100);
      const dtypes = [
        "float64",
        "float32",
        "bfloat16",
        "float16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
      ];
      const tensors = new Map([...dtypes, "bool"].map((dtype) => [dtype, noise.to(dtype)]));
      tensors.set("complex64", aten("complex", noise, noise.mul(2)));
      tensors.set("not finite", tensor([Number.NaN, Number.POSITIVE_INFINITY, -0]));
      tensors.set("large integers", tensor(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n))));
      roundTrip(tensors);
    }),
  );

  it(
    "keeps scalars, empty tensors, odd names, parameters, and no tensor at all",
    inScope(() => {
      const names = ["__proto__", "constructor", "", 'a"b\\', "größe\n"];
      const tensors = new Map(names.map((name, i) => [name, tensor([i])]));
      tensors
        .set("scalar", tensor(3))
        .set("empty", zeros([0, 4]))
        .set("weight", eye(3).setRequiresGrad());
      roundTrip(tensors);
      roundTrip(new Map());
    }),
  );

  it(
    "writes row-major what lies otherwise in memory",
    inScope(() => {
      const base = arange(24).to("float32").reshape([4, 6]);
      const complex = aten("complex", base, base.add(1));
      const conjugate = aten("conj", complex);
      const loaded = roundTrip(
        new Map([
          ["transposed", base.T],
          ["row", base.select(0, 2)],
          ["column", base.select(1, 2)],
          ["expanded", base.narrow(0, 0, 1).expand([3, 6])],
          ["conjugate", conjugate],
          ["negative", aten("imag", conjugate)],
          ["tied", base],
          ["tied too", base],
        ]),
      );
      expect(loaded.get("column")!.toArray()).toEqual([2, 8, 14, 20]);
      expect(loaded.get("negative")!.select(0, 0).toArray()).toEqual([-1, -2, -3, -4, -5, -6]);
    }),
  );

  it(
    "keeps metadata, and equal contents give equal files",
    inScope(() => {
      const tensors = new Map([["w", eye(2)]]);
      const metadata = new Map([["format", "pt"]]);
      saveTensors(path, tensors, metadata);
      const first = readFileSync(path);
      expect(loadTensors(path).metadata).toEqual(metadata);
      saveTensors(path, tensors, metadata);
      expect(readFileSync(path)).toEqual(first);
      expect(readdirSync(folder)).toEqual(["model.safetensors"]);
    }),
  );

  it(
    "reads a file that is not aligned, as other writers make them",
    inScope(() => {
      const info = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
      const header = `${JSON.stringify({ w: info })}`;
      const head = Buffer.alloc(8);
      const padded = header.padEnd(Math.ceil(header.length / 4) * 4 + 1);
      head.writeBigUInt64LE(BigInt(padded.length));
      writeFileSync(
        path,
        Buffer.concat([head, Buffer.from(padded), Buffer.from(Float32Array.of(1, 2).buffer)]),
      );
      expect(loadTensors(path).tensors.get("w")!.toArray()).toEqual([1, 2]);
    }),
  );
});

describe("memory", () => {
  it(
    "a tensor that lies in rows is written from its own memory",
    inScope(() => {
      const weight = eye(2);
      const [, chunk] = [...tensorChunks(new Map([["w", weight]]))];
      weight.mul_(3);
      expect(new Float32Array(chunk!.bytes.buffer, chunk!.bytes.byteOffset, 4)).toEqual(
        Float32Array.of(3, 0, 0, 3),
      );
    }),
  );

  it(
    "loaded tensors share one buffer, and outlive one another",
    inScope(() => {
      saveTensors(path, new Map([1, 2, 3].map((n) => [`w${n}`, eye(n)])));
      const { tensors } = loadTensors(path);
      tensors.get("w1")!.dispose();
      tensors.get("w2")!.mul_(5);
      expect(tensors.get("w3")!.sum().item()).toBe(3);
      expect(tensors.get("w2")!.sum().item()).toBe(10);
    }),
  );

  it(
    "any byte but 0 is true",
    inScope(() => {
      const entries = new Map([
        ["mask", { dtype: "bool", shape: [4], bytes: Uint8Array.of(0, 1, 2, 255) } as const],
      ]);
      writeFileSync(path, Buffer.concat(serialiseSafetensors(entries)));
      const mask = loadTensors(path).tensors.get("mask")!;
      expect(mask.toArray()).toEqual([0, 1, 1, 1]);
      expect(mask.to("int64").sum().item()).toBe(3);
    }),
  );

  it(
    "sizes that libtorch cannot count are refused",
    inScope(() => {
      for (const size of [2 ** 40, 2 ** 53 - 1]) {
        const large = { dtype: "float32", shape: [0, size, size], bytes: new Uint8Array() } as const;
        writeFileSync(path, Buffer.concat(serialiseSafetensors(new Map([["x", large]]))));
        const read = () => loadTensors(path);
        expect(read).toThrow(`tensor "x": sizes [0, ${size}, ${size}] are too large`);
        expect(read).toThrow(expect.objectContaining({ exitCode: 3 }));
      }
    }),
  );

  it("no tensor stays when a file is refused", () => {
    scope(() => saveTensors(path, new Map([["w", eye(4)]])));
    truncateSync(path, 100);
    expect(() => loadTensors(path)).toThrow(CheckpointError); // and test/setup.ts counts what is left
  });
});

describe("refusals", () => {
  it(
    "a dtype that the format has not, before anything is written",
    inScope(() => {
      const wide = new Map([["z", zeros([2], { dtype: "complex128" })]]);
      expect(() => saveTensors(path, wide)).toThrow(/"z" cannot be written: dtype complex128/);
      expect(() => saveTensors(path, wide)).toThrow(CheckpointError);
      expect(readdirSync(folder)).toEqual([]);
    }),
  );

  it(
    "places that cannot be written or read",
    inScope(() => {
      const tensors = new Map([["w", eye(2)]]);
      expect(() => saveTensors(join(folder, "none", "x"), tensors)).toThrow(DiskError);
      expect(() => loadTensors(path)).toThrow(`${path} is missing`);
      expect(() => loadTensors(path)).toThrow(CheckpointError);
      expect(() => loadTensors(folder)).toThrow(`${folder} cannot be read (EISDIR)`);
      writeFileSync(path, "");
      expect(() => loadTensors(path)).toThrow(/0 bytes is too short/);
    }),
  );

  it.skipIf(constants.MAX_LENGTH > 2 ** 33)(
    "more bytes than can be read back (skipped where Node has no such limit)",
    inScope(() => {
      const vast = tensor([1]).expand([constants.MAX_LENGTH / 4]); // of one number in memory
      expect(() => saveTensors(path, new Map([["w", vast]]))).toThrow(
        /cannot be written: one file holds at most/,
      );
      writeFileSync(path, "");
      truncateSync(path, constants.MAX_LENGTH + 1); // without blocks on the disk
      expect(() => loadTensors(path)).toThrow(/cannot be read: one file holds at most/);
    }),
  );

  it("a file cut off names the tensor", () => {
    const bytes = new Uint8Array(64);
    const entries = new Map([["head.weight", { dtype: "uint8", shape: [64], bytes } as const]]);
    writeFileSync(path, Buffer.concat(serialiseSafetensors(entries)).subarray(0, -1));
    expect(() => loadTensors(path)).toThrow(`${path}: tensor "head.weight": ends at byte 64 of 63`);
  });
});

/** @file Round trips, each rule of the format, mutations, and files written in Python. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../base/errors.ts";
import { parseSafetensors, serialiseSafetensors } from "./safetensors.ts";
import { bitsOf, codeOf, STORED_DTYPES, type StoredDType, type StoredTensor } from "./stored.ts";

fc.configureGlobal({ seed: 1 });

/** Types that the format has, of whole bytes. */
const DTYPES = STORED_DTYPES.filter((dtype) => codeOf(dtype) !== undefined && bitsOf(dtype) >= 8);
const widthOf = (dtype: StoredDType): number => bitsOf(dtype) / 8;

const join1 = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

/** A file with the given header text and `data` bytes after it. */
function file(header: string, data = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensorOf = (dtype: StoredDType, shape: number[], seed = 1): StoredTensor => ({
  dtype,
  shape,
  bytes: Uint8Array.from(
    { length: shape.reduce((a, b) => a * b, widthOf(dtype)) },
    (_, i) => (i * 37 + seed) & 255,
  ),
});

const anyTensor = fc
  .tuple(fc.constantFrom(...DTYPES), fc.array(fc.nat(3), { maxLength: 3 }), fc.nat(255))
  .map(([dtype, shape, seed]) => tensorOf(dtype, shape, seed));

const anyName = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("__proto__", "constructor", "0", "", 'a"b\\', "a\nb"),
  )
  .filter((name) => name !== "__metadata__");

describe("round trip", () => {
  it("keeps names, shapes, bytes and metadata, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyName, anyTensor), { maxLength: 6 }),
        fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), {
          maxLength: 3,
        }),
        (tensors, texts) => {
          const entries = new Map(tensors);
          const metadata = new Map(texts);
          const bytes = join1(serialiseSafetensors(entries, metadata));
          const back = parseSafetensors(bytes);
          expect(new Map([...back.entries].sort())).toEqual(new Map([...entries].sort()));
          expect(new Map([...back.metadata].sort())).toEqual(new Map([...metadata].sort()));
        },
      ),
    );
  });

  it("aligns every tensor to its element and pads the header with spaces", () => {
    const entries = new Map([
      ["mask", tensorOf("bool", [3])],
      ["half", tensorOf("bfloat16", [1])],
      ["weight", tensorOf("float32", [3])],
      ["count", tensorOf("int64", [])],
    ]);
    const chunks = serialiseSafetensors(entries);
    expect(chunks[0]!.length % 8).toBe(0);
    expect(new TextDecoder().decode(chunks[0]!.subarray(8))).toMatch(/^\{.*\} *$/);
    for (const { dtype, bytes } of parseSafetensors(join1(chunks)).entries.values()) {
      expect(bytes.byteOffset % widthOf(dtype)).toBe(0);
    }
  });

  it("does not copy the tensors' bytes", () => {
    const entry = tensorOf("float32", [5]);
    expect(serialiseSafetensors(new Map([["w", entry]]))[1]).toBe(entry.bytes);
    const whole = join1(serialiseSafetensors(new Map([["w", entry]])));
    expect(parseSafetensors(whole).entries.get("w")!.bytes.buffer).toBe(whole.buffer);
  });

  it("refuses to write bytes that do not fit their shape", () => {
    const entries = new Map([["head.weight", { ...tensorOf("float32", [2]), shape: [3] }]]);
    expect(() => serialiseSafetensors(entries)).toThrow(/"head.weight".*12 bytes, not 8/);
    expect(() => serialiseSafetensors(new Map([["__metadata__", tensorOf("int8", [1])]]))).toThrow(
      CheckpointError,
    );
    expect(() => serialiseSafetensors(new Map([["\ud800", tensorOf("int8", [1])]]))).toThrow(CheckpointError);
  });
});

describe("rules of the format", () => {
  const one = (dtype: string, shape: string, offsets: string) =>
    `{"w":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
  const u8 = (begin: number, end: number) =>
    `{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

  it.each([
    ["empty file", new Uint8Array(), /too short/],
    ["no header", new Uint8Array(7), /too short/],
    ["header above 100 MB", file("{}").fill(255, 0, 8), /above the limit/],
    ["header outside the file", file("{}").subarray(0, 9), /outside the file/],
    ["header not JSON", file('{"w":'), /not JSON/],
    ["header not an object", file("[]"), /begin with/],
    ["header not UTF-8", file("{}").fill(0xff, 9), /UTF-8/],
    ["deep nesting", file("{".repeat(100_000)), /nested/],
    ["a byte-order mark", file(`\ufeff{"w":${u8(0, 1)}}`, 1), /begin with/],
    ["zeros after the header", file(`{"w":${u8(0, 1)}}\0\0`, 1), /not JSON/],
    ["only spaces", file("    "), /begin with/],
    ["a part of a byte", file(one("F4", "[3]", "[0,2]"), 2), /takes 1.5 bytes/],
    ["duplicate name", file(`{"w":${u8(0, 1)},"w":${u8(0, 1)}}`, 1), /"w" is in the header twice/],
    ["duplicate name, escaped", file(`{"w":${u8(0, 1)},"\\u0077":${u8(0, 1)}}`, 1), /twice/],
    ["duplicate metadata", file('{"__metadata__":{"a":"1" , "a" : "2"}}'), /"a".*twice/],
    ["metadata not text", file('{"__metadata__":{"a":1}}'), /"a" is not a string/],
    ["lone surrogate", file(`{"\\ud800":${u8(0, 1)}}`, 1), /Unicode/],
    ["unknown dtype", file(one("C128", "[1]", "[0,16]"), 16), /tensor "w": dtype "C128" is not supported/],
    ["shape not sizes", file(one("U8", "[-1]", "[0,1]"), 1), /shape/],
    ["shape not whole", file(one("U8", "[1.5]", "[0,1]"), 1), /shape/],
    ["offsets not two", file(one("U8", "[1]", "[0]"), 1), /data_offsets/],
    ["offsets backwards", file(one("U8", "[0]", "[1,0]"), 1), /backwards/],
    ["length not shape", file(one("F32", "[2]", "[0,4]"), 4), /takes 8 bytes, the offsets give 4/],
    ["huge shape", file(one("F32", "[9007199254740991,9007199254740991]", "[0,4]"), 4), /the offsets give 4/],
    ["outside the file", file(one("U8", "[2]", "[0,2]"), 1), /tensor "w": .*cut off/],
    ["overlap", file(`{"a":${u8(0, 2)},"b":${u8(1, 3)}}`, 3), /"b": starts at byte 1, inside/],
    ["gap", file(`{"a":${u8(0, 1)},"b":${u8(2, 3)}}`, 3), /"b": 1 bytes before it/],
    ["bytes at the end", file(`{"a":${u8(0, 1)}}`, 2), /1 bytes at the end/],
  ])("refuses: %s", (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, "model.safetensors")).toThrow(CheckpointError);
    expect(() => parseSafetensors(bytes, "model.safetensors")).toThrow(message);
    expect(() => parseSafetensors(bytes, "model.safetensors")).toThrow(/^model\.safetensors: [^\n]*$/);
  });

  // what the format's own library (0.8.0) gives for the same bytes
  it.each([
    ["null for metadata", file(`{"__metadata__": null, "w": ${u8(0, 1)}}`, 1)],
    ["white space before the header", file(` \t\r\n{"w":${u8(0, 1)}}`, 1)],
    ["white space after the header", file(`{"w":${u8(0, 1)}}  \n\t`, 1)],
    ["fields that it does not know", file(`{"w":{"x":[[{"y":[]}]],${u8(0, 1).slice(1)}}`, 1)],
  ])("takes %s", (_, bytes) => {
    const { metadata, entries } = parseSafetensors(bytes);
    expect([...entries.keys()]).toEqual(["w"]);
    expect(metadata.size).toBe(0);
  });

  it("takes no tensors, none with metadata, and sizes of 0 beside large ones", () => {
    for (const header of ["{}", "{}   ", '{"__metadata__":null}', '{"__metadata__":{"a":"b"}}'])
      expect(parseSafetensors(file(header)).entries.size).toBe(0);
    const [large] = parseSafetensors(
      file(one("F32", "[0,9007199254740991,9007199254740991]", "[0,0]")),
    ).entries.values();
    expect(large!.bytes.length).toBe(0);
  });

  it("knows every type of the format", () => {
    for (const [code, dtype, bytes] of [["F8_E4M3", "float8_e4m3fn", 8], ["F8_E5M2", "float8_e5m2", 8], ["F8_E8M0", "float8_e8m0fnu", 8], ["U16", "uint16", 16], ["U32", "uint32", 32], ["U64", "uint64", 64], ["C64", "complex64", 64], ["F4", "float4_e2m1", 4], ["F6_E2M3", "float6_e2m3", 6]] as const) {
      const [tensor] = parseSafetensors(file(one(code, "[8]", `[0,${bytes}]`), bytes)).entries.values();
      expect([code, tensor!.dtype, tensor!.bytes.length]).toEqual([code, dtype, bytes]);
    } // biome-ignore format: a table
  });

  it("takes __proto__ as a name like any other", () => {
    const { entries } = parseSafetensors(file(`{"__proto__":${u8(0, 1)}}`, 1));
    expect([...entries.keys()]).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });
});

describe("damaged files", () => {
  const whole = join1(
    serialiseSafetensors(
      new Map([
        ["block.0.U", tensorOf("float32", [2, 3])],
        ["step", tensorOf("int64", [])],
        ["mask", tensorOf("bool", [5])],
      ]),
      new Map([["kind", "test"]]),
    ),
  );
  const parsesOrRefuses = (bytes: Uint8Array) => {
    try {
      parseSafetensors(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
    }
  };

  it("is refused when cut anywhere", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseSafetensors(whole.subarray(0, length))).toThrow(CheckpointError);
    }
  });

  it("never raises anything but CheckpointError", () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        parsesOrRefuses(bytes);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.json(), fc.nat(20), (text, data) => parsesOrRefuses(file(text, data))));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), parsesOrRefuses));
  });
});

const here = dirname(fileURLToPath(import.meta.url));
const golden = process.env.VITRINE_GOLDEN ?? join(here, "../../../shared/golden");

describe.skipIf(!existsSync(golden))("reference vectors (skipped without ../shared/golden)", () => {
  it.each(existsSync(golden) ? readdirSync(golden).filter((name) => name.endsWith(".safetensors")) : [])(
    "%s",
    (name) => {
      const bytes = new Uint8Array(readFileSync(join(golden, name)));
      const { metadata, entries } = parseSafetensors(bytes, name);
      expect(JSON.parse(metadata.get("config")!)).toBeTypeOf("object");
      expect(entries.size).toBeGreaterThan(0);
      const back = parseSafetensors(join1(serialiseSafetensors(entries, metadata)));
      expect(back.metadata).toEqual(metadata);
      expect(new Set(back.entries.keys())).toEqual(new Set(entries.keys()));
      for (const [key, entry] of entries) {
        const { dtype, shape, bytes } = back.entries.get(key)!;
        expect({ dtype, shape }).toEqual({ dtype: entry.dtype, shape: entry.shape });
        expect(Buffer.compare(bytes, entry.bytes)).toBe(0);
      }
    },
  );
});

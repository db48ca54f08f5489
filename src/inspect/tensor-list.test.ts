import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { VitrineError } from "../tensor/errors.ts";
import { listTensors } from "./tensor-list.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-tensors-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(header: string | Buffer, data: number): string {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return raw(Buffer.concat([length, text, Buffer.alloc(data)]));
}

function raw(bytes: Buffer): string {
  const path = join(folder, "a.safetensors");
  writeFileSync(path, bytes);
  return path;
}

const tensor = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const good = {
  __metadata__: { a: "b" },
  w: tensor("F32", [2, 3], 4, 28),
  __proto__x: tensor("BF16", [2], 0, 4),
};

test("a header lists its tensors in the order of the data", () => {
  expect(listTensors(file(JSON.stringify(good), 28))).toEqual([
    { name: "__proto__x", dtype: "BF16", shape: [2], bytes: 4 },
    { name: "w", dtype: "F32", shape: [2, 3], bytes: 24 },
  ]);
});

test.each([
  ["no header", "", 0, /not JSON/],
  ["a list", "[]", 0, /no object/],
  ["missing bytes", JSON.stringify(good), 27, /27 bytes of data, expected 28/],
  [
    "overlap",
    JSON.stringify({ a: tensor("U8", [2], 0, 2), b: tensor("U8", [2], 1, 3) }),
    3,
    /b begins at byte 1, expected 2/,
  ],
  ["wrong size", JSON.stringify({ a: tensor("F32", [2], 0, 4) }), 4, /a has 4 bytes, its shape needs 8/],
  ["unknown dtype", JSON.stringify({ a: tensor("constructor", [2], 0, 4) }), 4, /unknown dtype constructor/],
  ["negative shape", JSON.stringify({ a: tensor("U8", [-2], 0, 4) }), 4, /not described by/],
])("%s is refused by name", (_, header, data, message) => {
  expect(() => listTensors(file(header, data))).toThrow(message);
});

test("a header longer than its file is refused before it is allocated", () => {
  expect(() => listTensors(raw(Buffer.from("ffffffffffffff7f7b7d", "hex")))).toThrow(
    /a header of \d+ bytes in a file of 10/,
  );
  expect(() => listTensors(join(folder, "none.safetensors"))).toThrow(/cannot be read \(ENOENT\)/);
});

test("any damage ends in a list or in one of our errors", () => {
  const whole = readFileSync(file(JSON.stringify(good), 28));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, keep) => {
      const bytes = Buffer.from(whole);
      bytes[at] = byte;
      try {
        listTensors(raw(bytes.subarray(0, keep)));
      } catch (error) {
        expect(error).toBeInstanceOf(VitrineError);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

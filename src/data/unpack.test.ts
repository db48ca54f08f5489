import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, crc32, deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, expect, test } from "vitest";
import { setUnpackLimit, unpack, unpackLimit } from "../base/unpack.ts";
import { readFeatures } from "./features/index.ts";
import { readIdxImages } from "./formats/idx.ts";
import { openText } from "./text/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-unpack-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => setUnpackLimit(undefined));

const ZEROS = new Uint8Array(3 * 2 ** 20);

test("unpack: what was compressed, by each method, of a size that is known or not", () => {
  const text = Buffer.from("abc".repeat(1000));
  for (const [method, packed] of [
    ["gzip", gzipSync(text)],
    ["deflate", deflateRawSync(text)],
    ["brotli", brotliCompressSync(text)],
  ] as const) {
    expect(Buffer.from(unpack(method, packed, "FILE"))).toEqual(text);
    expect(unpack(method, packed, "FILE", 3000).length).toBe(3000);
    expect(() => unpack(method, packed, "FILE", 2999)).toThrow("FILE: unpacks to more than 2999 bytes");
    expect(() => unpack(method, packed, "FILE", 3001)).toThrow("FILE: unpacks to 3000 bytes, expected 3001");
    expect(() => unpack(method, packed.subarray(0, 9), "FILE")).toThrow(
      /^FILE: is (cut off|not compressed by)/,
    );
  }
  expect(unpack("gzip", Buffer.concat([gzipSync("a"), gzipSync("b")]), "FILE")).toEqual(Buffer.from("ab"));
});

test("unpackLimit: four times the file and 64 MiB, or what is given", () => {
  expect(unpackLimit(10)).toBe(40 + 2 ** 26);
  setUnpackLimit(7);
  expect(unpackLimit(10)).toBe(7);
});

/** A member of zeros, deflated. */
function npz(): Buffer {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1048576)}".padEnd(117).concat("\n");
  const plain = Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
    Buffer.from(header),
    ZEROS,
  ]);
  const packed = deflateRawSync(plain);
  const name = Buffer.from("features.npy");
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt32LE(crc32(plain), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(plain.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fields, name, packed]);
  const central = Buffer.concat([
    Buffer.from("PK\x01\x02\x14\x00", "latin1"),
    fields,
    Buffer.alloc(14),
    name,
  ]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

test("a text, images and features that become more than the limit are refused, and the flag named", async () => {
  const idx = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 4, 0, 0, 0, 4, 0]), ZEROS]);
  const files = { "text.txt.gz": gzipSync(ZEROS), "images.gz": gzipSync(idx), "z.npz": npz() };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const readers = [
    async () => openText(`text:${join(folder, "text.txt.gz")}`).train.length,
    async () => (await readIdxImages(join(folder, "images.gz"))).data.length,
    async () => {
      using features = (await readFeatures(join(folder, "z.npz"))).features;
      return features.numel;
    },
  ];
  for (const read of readers) {
    setUnpackLimit(2 ** 20);
    await expect(read()).rejects.toThrow(/unpacks to more than 1 MiB, .*--unpack-limit/);
    setUnpackLimit(2 ** 22);
    expect(await read()).toBeGreaterThan(2 ** 21);
  }
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setUnpackLimit } from "../../base/unpack.ts";
import { readIdxImages, readIdxLabels, readIdxSet } from "./idx.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-idx-"));
});
afterAll(() => rm(root, { recursive: true }));

function idx(magic: number, sizes: number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(magic);
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

const pixels = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => i * 7);
const images = idx(0x803, [3, 2, 4], pixels);
const labels = idx(0x801, [3], Uint8Array.of(2, 0, 1));
const set = { name: "mnist", classes: ["a", "b", "c"] };

async function folder(name: string, files: Record<string, Uint8Array>): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(path, file), bytes);
  return path;
}

test("plain and gzipped files with either separator give the same set", async () => {
  const plain = await folder("plain", {
    "train-images.idx3-ubyte": images,
    "train-labels.idx1-ubyte": labels,
  });
  const zipped = await folder("zipped", {
    "train-images-idx3-ubyte.gz": gzipSync(images),
    "train-labels-idx1-ubyte.gz": gzipSync(labels),
  });
  const read = await readIdxSet(plain, "train", set);
  expect(read).toMatchObject({ count: 3, channels: 1, height: 2, width: 4, name: "mnist" });
  expect([...read.labels]).toEqual([2, 0, 1]);
  expect([...read.images]).toEqual([...pixels]);
  expect([...(await readIdxSet(zipped, "train", set)).images]).toEqual([...pixels]);
});

test("each kind of damage is named", async () => {
  const at = await folder("damaged", {
    magic: labels,
    short: images.subarray(0, 30),
    long: Buffer.concat([images, Buffer.of(0)]),
    header: images.subarray(0, 7),
    "cut.gz": gzipSync(images).subarray(0, 25),
    "not.gz": images,
    "bomb.gz": gzipSync(new Uint8Array(100_000)),
  });
  const read = (name: string) => readIdxImages(join(at, name));
  await expect(read("magic")).rejects.toThrow("wrong magic number 0x00000801, expected 0x00000803");
  await expect(read("short")).rejects.toThrow("truncated: 30 bytes, expected 40 for [3, 2, 4]");
  await expect(read("long")).rejects.toThrow("wrong size: 41 bytes, expected 40");
  await expect(read("header")).rejects.toThrow("truncated: 7 bytes, expected a header of 16");
  await expect(read("cut.gz")).rejects.toThrow("cut.gz: is cut off");
  await expect(read("not.gz")).rejects.toThrow("not.gz: is not compressed by gzip");
  setUnpackLimit(50_000);
  await expect(read("bomb.gz")).rejects.toThrow("bomb.gz: unpacks to more than");
  setUnpackLimit(undefined);
  await expect(read("absent")).rejects.toThrow("cannot be read");
  await expect(readIdxLabels(join(at, "short"))).rejects.toThrow("wrong magic number 0x00000803");
});

test("counts, labels and the set itself must fit", async () => {
  const write = (name: string, label: Buffer) =>
    folder(name, { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": label });
  const four = await write("four", idx(0x801, [4], Uint8Array.of(0, 1, 2, 0)));
  await expect(readIdxSet(four, "train", set)).rejects.toThrow("mnist: 4 labels for 3 images");
  const range = await write("range", idx(0x801, [3], Uint8Array.of(0, 9, 2)));
  await expect(readIdxSet(range, "train", set)).rejects.toThrow(
    "label out of range: image 1 has 9, expected 0 to 2",
  );
  await expect(readIdxSet(range, "test", set)).rejects.toThrow('run "vitrine data get mnist"');

  const fashion = Uint8Array.of(9, 0, 0, 3, 0, 2, 7, 2, 5, 5);
  const other = await folder("other", {
    "train-images-idx3-ubyte": idx(0x803, [10, 1, 1], new Uint8Array(10)),
    "train-labels-idx1-ubyte": idx(0x801, [10], fashion),
  });
  const ten = { name: "mnist", classes: [..."0123456789"] };
  await expect(readIdxSet(other, "train", ten)).rejects.toThrow("holds fashion-mnist");
  const right = await readIdxSet(other, "train", { ...ten, name: "fashion-mnist" });
  expect(right.count).toBe(10);
});

test("no change of a byte crashes the reader", async () => {
  const path = join(await folder("fuzz", {}), "images");
  await fc.assert(
    fc.asyncProperty(fc.nat(images.length - 1), fc.nat(255), async (at, value) => {
      const bytes = Buffer.from(images);
      bytes[at] = value;
      await writeFile(path, bytes);
      const outcome = await readIdxImages(path).catch((error: Error) => error.constructor.name);
      if (typeof outcome === "string") expect(outcome).toBe("DataError");
      else expect(outcome.data.length).toBe(24);
    }),
    { numRuns: 60, seed: 1 },
  );
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { archive, dict, type Piece, tensorOf, tuple, whole } from "../../../test/pickles.ts";
import { zipChunks } from "../../base/write-zip.ts";
import { DataError, random, saveTensors, scope, tensor } from "../../tensor/index.ts";
import { npyChunks } from "../formats/npy.ts";
import type { ArrayNames } from "./features.ts";
import { readFeatures, writeFeatures } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-features-"));
afterAll(() => rmSync(folder, { recursive: true }));

const labels = Int32Array.from([3, 0, 1, 1, 2]);
const names = ["a", "ü/b.png", "c", "d", "e"];

/** An archive of these nested arrays. */
function npz(name: string, arrays: Record<string, Parameters<typeof tensor>[0]>): string {
  const path = join(folder, name);
  const members = scope(
    () => new Map(Object.entries(arrays).map(([key, rows]) => [`${key}.npy`, npyChunks(tensor(rows))])),
  );
  writeFileSync(path, Buffer.concat(zipChunks(members)));
  return path;
}

test.each([".npz", ".safetensors", ".parquet"])("features and labels go through %s", async (form) => {
  const path = join(folder, `both${form}`);
  using features = random(1).normal([5, 7]);
  writeFeatures(path, { features, labels, ...(form === ".parquet" ? { names } : {}) });
  const back = await readFeatures(path);
  using read = back.features;
  expect(read.shape).toEqual([5, 7]);
  expect(read.numbers()).toEqual(features.numbers());
  expect(back.labels).toEqual(labels);
  if (form === ".parquet") expect(back.names).toEqual(names);
  const first = readFileSync(path);
  writeFeatures(path, { features, labels, ...(form === ".parquet" ? { names } : {}) });
  expect(readFileSync(path).equals(first)).toBe(true);
});

const rows4 = tensorOf("0", 8, [4, 2], [2, 1]);
const row = tensorOf("0", 8, [2], [1]);
const labels4 = tensorOf("1", 4, [4], [1]);
test.each<[string, Piece, ArrayNames, number[], number[] | undefined]>([
  ["a dictionary", dict({ features: rows4, ys: labels4 }), {}, [4, 2], [0, 1, 1, 0]],
  ["labels as a list", dict({ Z: rows4, label: `](${[3, 1, 1, 0].map(whole).join("")}e` }), {}, [4, 2], [3, 1, 1, 0]],
  ["a dictionary in another", dict({ a: dict({ z: rows4, y: labels4 }), b: rows4 }), { features: "a.z", labels: "a.y" }, [4, 2], [0, 1, 1, 0]],
  ["a tensor", rows4, {}, [4, 2], undefined],
  ["a list of rows", `](${row}${row}${row}e`, {}, [3, 2], undefined],
  ["a list of blocks", `](${rows4}${rows4}${rows4}e`, {}, [12, 2], undefined],
  ["features and labels as a pair", tuple(rows4, labels4), {}, [4, 2], [0, 1, 1, 0]],
])("PyTorch's file: %s", async (_, pickle, names, shape, expected) => {
  const path = join(folder, "features.pt");
  writeFileSync(path, archive(pickle, { 0: [1, 2, 3, 4, 5, 6, 7, 8], 1: [0, 1, 1, 0] }));
  const { features, labels } = await readFeatures(path, names);
  using read = features;
  expect(read.shape).toEqual(shape);
  expect(read.numbers().slice(0, 2)).toEqual([1, 2]);
  expect(labels && [...labels]).toEqual(expected);
}); // biome-ignore format: a table

test("PyTorch's file without the usual names lists those it has; a damaged one is a data error", async () => {
  const path = join(folder, "other.pt");
  writeFileSync(path, archive(dict({ a: dict({ z: rows4 }), b: rows4 }), { 0: [1, 2, 3, 4, 5, 6, 7, 8] }));
  await expect(readFeatures(path)).rejects.toThrow('it has "b", "a.z"');
  writeFileSync(path, readFileSync(path).subarray(0, -9));
  await expect(readFeatures(path)).rejects.toThrow(DataError);
});

test("a compressed Parquet file of double precision is read, a ragged one refused", async () => {
  const path = join(folder, "gzip.parquet");
  const write = (rows: number[][]) => {
    const columnData = [{ name: "embeddings", data: rows }, { name: "label", data: [2n, 0n] }]; // biome-ignore format: short
    const schema: SchemaElement[] = [
      { name: "root", num_children: 2 },
      { name: "embeddings", repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", type: "DOUBLE" },
      { name: "label", repetition_type: "OPTIONAL", type: "INT64" },
    ];
    const options = { schema, columnData, codec: "GZIP", compressors: { GZIP: gzipSync } } as const;
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ ...options, columnData: [...columnData] })));
  };
  write([[1, 2.5], [3, 4]]); // biome-ignore format: rows
  const { features, labels } = await readFeatures(path);
  using read = features;
  expect([read.toArray(), labels]).toEqual([[[1, 2.5], [3, 4]], Int32Array.of(2, 0)]); // biome-ignore format: rows
  write([[1, 2.5], [3]]); // biome-ignore format: rows
  await expect(readFeatures(path)).rejects.toThrow("1 numbers in row 1, expected 2 as in row 0");
});

test("features alone go through .npy, and double precision is read as single", async () => {
  const path = join(folder, "alone.npy");
  using features = random(1).normal([4, 2], { dtype: "float64" });
  writeFeatures(path, { features });
  const back = await readFeatures(path);
  using read = back.features;
  expect(read.dtype).toBe("float32");
  expect(back.labels).toBeUndefined();
  expect(() => writeFeatures(path, { features, labels: Int32Array.of(1, 2, 3, 4) })).toThrow("choose .npz");
  expect(() => writeFeatures(path, { features, labels })).toThrow("got [4, 2] float64 and 5");
  expect(() => writeFeatures("x.csv", { features })).toThrow("ends in .npy, .npz");
});

test("the authors' layout, other names, and labels as floats or a column", async () => {
  const rows = [[1, 2], [3, 4]]; // biome-ignore format: rows
  const authors = await readFeatures(npz("authors.npz", { ys: [1, 0], features: rows }));
  expect([authors.features.toArray(), authors.labels]).toEqual([rows, Int32Array.of(1, 0)]);
  const named = npz("named.npz", { z_train: rows, y_train: [[4], [5]], z_test: [[0, 0]] });
  const own = await readFeatures(named, { features: "z_train", labels: "y_train" });
  expect(own.labels).toEqual(Int32Array.of(4, 5));
  const path = join(folder, "only.safetensors");
  using only = tensor(rows);
  saveTensors(path, new Map([["w", only]]));
  const alone = await readFeatures(path);
  for (const read of [authors, own, alone]) read.features.dispose();
  await expect(readFeatures(named)).rejects.toThrow('it has "z_train", "y_train", "z_test"; name one');
  await expect(readFeatures(named, { features: "z" })).rejects.toThrow('no array "z"; it has "z_train"');
});

const ROWS = [[1, 2], [3, 4], [5, 6]]; // biome-ignore format: rows
test.each([
  [{ features: [[1, 2], [3, Number.NaN], [Number.POSITIVE_INFINITY, 0]] }, "NaN or infinity in row 1 of 3"], // biome-ignore format: rows
  [{ features: ROWS, ys: [0, 1] }, "2 labels for 3 features"],
  [{ features: [1, 2, 3] }, "expected features [n, d] of real numbers, got [3] float32"],
  [{ features: ROWS, ys: [0, 1.5, 2] }, "label 1.5 in row 1, expected a whole number"],
  [{ features: ROWS, ys: [0, 1, -1] }, "label -1 in row 2"],
  [{ features: ROWS, ys: ROWS }, "expected labels [n], got [3, 2] float32"],
])("%j is refused", async (arrays, message) => {
  await expect(readFeatures(npz("bad.npz", arrays))).rejects.toThrow(message);
});

test("what is not there or not what it seems is said", async () => {
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const refused = (path: string) => expect(readFeatures(path)).rejects;
  await refused(join(folder, "none.npz")).toThrow("none.npz is missing");
  await refused(folder).toThrow("is a folder: expected an encoder");
  await refused(write("a.txt", "1 2")).toThrow("got .txt");
  for (const form of [".npy", ".npz", ".safetensors", ".parquet"])
    await expect(readFeatures(write(`text${form}`, "hello"))).rejects.toMatchObject({ name: "DataError" });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, afterEach, expect, test } from "vitest";
import { imageParquet } from "../../../../test/shards.ts";
import { setUnpackLimit } from "../../../base/unpack.ts";
import { openRows } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-rows-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => setUnpackLimit(undefined));

/** Files of pyarrow, some of them damaged. */
const samples = fileURLToPath(new URL("../../../../test/parquet/", import.meta.url));

function write(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

const images = Array.from({ length: 10 }, (_, i) => Uint8Array.from({ length: 5 + i }, (_, j) => 16 * i + j));
const labels = [3, 1, null, 4, 1, 5, 9, 2, 6, null];
const plain = imageParquet(images, labels);
const structs = imageParquet(images, labels, { struct: true });

test.each([
  ["bytes", plain],
  ["structs of bytes", structs],
])("groups, %s, whole numbers and nulls", (name, bytes) => {
  using rows = openRows(write(name, bytes));
  expect(rows.groups).toEqual([
    [0, 4],
    [4, 8],
    [8, 10],
  ]);
  expect(rows.names).toEqual(["image", "label"]);
  const all = <T>(of: (group: number) => T[]): T[] => rows.groups.flatMap((_, group) => of(group));
  expect(all((group) => rows.column("image", group, "bytes", "bytes"))).toEqual(images);
  expect(all((group) => rows.column("label", group, "numbers"))).toEqual(
    labels.map((label) => label ?? undefined),
  );
});

test("texts, repeated ones by a dictionary too, and nulls among them", async () => {
  const data = ["a", null, "b", "a", "", "ä", "a", "a", null, "a"];
  for (const encoding of [undefined, "PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"] as const) {
    const column = { name: "text", data, nullable: true, ...(encoding && { encoding }) };
    const path = write("texts", new Uint8Array(parquetWriteBuffer({ columnData: [column] })));
    using rows = openRows(path);
    expect(rows.column("text", 0, "text")).toEqual(data.map((text) => text ?? undefined));
  }
});

test.each(
  readdirSync(samples).filter((name) => /^(names|text|three|lz4|gzip|brotli|zstd|snappy)/.test(name)),
)("%s: numbers and texts that another reader finds", async (name) => {
  const bytes = new Uint8Array(readFileSync(join(samples, name)));
  const truth = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, compressors });
  using rows = openRows(join(samples, name));
  for (const key of rows.names.filter((key) => key !== "features")) {
    const kind = typeof truth[0]![key] === "string" ? "text" : "numbers";
    const found: unknown[] = rows.groups.flatMap((_, group) => [...rows.column(key, group, kind)]);
    expect(found).toEqual(truth.map((row) => (kind === "text" ? row[key] : Number(row[key]))));
  }
});

test("columns that are not there or of another kind are named", () => {
  using rows = openRows(write("named", structs));
  const path = join(folder, "named");
  expect(() => rows.column("text", 0, "text")).toThrow(`${path}: no column text; there are image, label`);
  expect(() => rows.column("image", 0, "bytes", "file")).toThrow("image has no file, but bytes, path");
  expect(() => rows.column("image", 0, "bytes")).toThrow("image: expected bytes, got structs");
  expect(() => rows.column("label", 0, "text")).toThrow("label: expected text, got numbers");
  expect(() => openRows(join(folder, "nowhere"))).toThrow("nowhere: cannot be read");
});

test("a file that is cut anywhere is refused with its path", () => {
  for (let length = 0; length < structs.length; length += 7)
    expect(() => openRows(write("cut", structs.subarray(0, length)))).toThrow(
      `${join(folder, "cut")}: it is cut off, or no Parquet file`,
    );
});

test("damaged pages end with an error that says the file, or with as many rows: none hangs", () => {
  for (let at = 4; at < structs.length - 8; at += 3) {
    const bytes = structs.slice();
    bytes[at]! ^= 0xff;
    const path = write("damaged", bytes);
    try {
      using rows = openRows(path);
      for (const [group, [from, to]] of rows.groups.entries()) {
        const name = rows.names[0]!;
        expect(rows.column(name, group, "bytes", "bytes")).toHaveLength(to - from);
      }
    } catch (error) {
      expect((error as Error).message).toContain(`${path}: `);
    }
  }
});

test.each(["no-hang", "no-crash", "no-way-back"])("%s is refused, by each of its columns", (name) => {
  const path = join(samples, `${name}.parquet`);
  const read = () => {
    using rows = openRows(path);
    for (const column of rows.names) rows.column(column, 0, "numbers");
  };
  expect(read).toThrow(`${path}: `);
});

test("what unpacks beyond the limit is refused, group by group", () => {
  const large = Array.from({ length: 64 }, (_, i) => new Uint8Array(100_000).fill(i));
  const path = write("large", imageParquet(large, Array(64).fill(1)));
  setUnpackLimit(1_500_000);
  {
    using rows = openRows(path); // 6.4 MB in all: what a group took is let go
    for (const group of rows.groups.keys()) expect(rows.column("image", group, "bytes")).toHaveLength(4);
  }
  setUnpackLimit(600_000);
  using rows = openRows(path);
  expect(() => rows.column("image", 0, "bytes")).toThrow(/large: unpacks to more than .*--unpack-limit/);
});

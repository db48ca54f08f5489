import { readdirSync, readFileSync } from "node:fs";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterEach, expect, test } from "vitest";
import { setUnpackLimit } from "../../../base/unpack.ts";
import { decodeParquet } from "./decode.ts";

// written by pyarrow 25.0.1 from random numbers, 12 rows of 4, but for two that were damaged
const folder = new URL("../../../../test/parquet/", import.meta.url);
const files = readdirSync(folder).sort();

afterEach(() => setUnpackLimit(undefined));

const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const decodeBytes = (bytes: Uint8Array) => {
  const read = (start: number, length: number) => bytes.subarray(start, start + length);
  return decodeParquet({ path: "FILE", size: bytes.length, read }, {});
};
const decodeFile = (name: string) => decodeBytes(bytesOf(name));

test.each(files.filter((name) => !name.startsWith("no-")))(
  "%s holds what another reader finds",
  async (name) => {
    const { buffer } = bytesOf(name);
    const rows = await parquetReadObjects({ file: buffer as ArrayBuffer, compressors });
    const { values, n, d, labels, classes, names } = decodeFile(name);
    const columns = (row: Record<string, unknown>) => [row.features].flat().map(Number);
    expect([n, d]).toEqual([12, columns(rows[0]!).length]);
    expect([...values]).toEqual(rows.flatMap(columns).map(Math.fround));
    const truth = rows.map(({ ys, labels }) => ys ?? labels);
    if (truth[0] !== undefined)
    expect([...labels!].map((label) => classes?.[label] ?? label)).toEqual(truth.map((one) => classes ? one : Number(one))); // biome-ignore format: short
    expect(names).toEqual(rows[0]!.names === undefined ? undefined : rows.map((row) => row.names));
  },
);

test("labels that are text are numbered by code point", () => {
  expect(decodeFile("text-labels.parquet").classes).toEqual(["cat", "dog", "ä"]);
});

const wanted = "features: expected numbers, whole numbers of 64 bits or booleans, or lists of them, got";
test.each([
  ["fixed-bytes", `${wanted} bytes`],
  ["bytes", `${wanted} lists of bytes`],
  ["text", `${wanted} lists of text`],
  ["lists-of-lists", `${wanted} lists of lists`],
  ["structs", `${wanted} structs`],
  ["structs-in-lists", `${wanted} lists of structs`],
  ["maps", `${wanted} maps`],
  ["dates", `${wanted} lists of dates`],
  ["times", `${wanted} lists of times of day`],
  ["timestamps", `${wanted} lists of timestamps`],
  ["int96", `${wanted} lists of timestamps`],
  ["decimals", `${wanted} lists of decimals`],
  ["int-decimals", `${wanted} lists of decimals`],
  ["nulls-alone", `${wanted} nulls alone`],
  ["beyond-2-to-53", "features: a whole number beyond ±2^53 in row 0"],
  ["null-entry", "features: null in the list of row 5"],
  ["null-row", "features: null in row 7"],
  ["null-name", "names: null in row 1"],
  ["null-label", "labels: null in row 1"],
  ["empty-list", "features: an empty list in row 7"],
  ["ragged", "features: 2 numbers in row 3, expected 4 as in row 0"],
  ["rows", "it has no rows"],
  ["hang", "a page that does not say how long it is"],
  ["crash", "it is damaged (missing eof marker)"],
  ["way-back", "it is damaged (missing eof marker)"],
])("no-%s is refused", (name, message) => {
  expect(() => decodeFile(`no-${name}.parquet`)).toThrow(`FILE: ${message}`);
});

test("every refused file has its message above", () => {
  expect(files.filter((name) => name.startsWith("no-"))).toHaveLength(25);
});

test("a file that is cut anywhere is refused", () => {
  const bytes = bytesOf("snappy-v1.parquet");
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeBytes(bytes.subarray(0, length))).toThrow(/^FILE: /);
});

test("a page that does not match its checksum is refused", () => {
  const bytes = bytesOf("gzip-v1.parquet");
  bytes[100]! ^= 1;
  expect(() => decodeBytes(bytes)).toThrow("FILE: a page that does not match its checksum");
});

test("what unpacks beyond the limit is refused, and the flag named", () => {
  setUnpackLimit(500);
  expect(() => decodeFile("zstd-v2.parquet")).toThrow(/FILE: unpacks to more than .*--unpack-limit/);
});

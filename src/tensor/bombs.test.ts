/** @file Small files that would become large ones, deep ones and endless ones end in a CheckpointError. */

import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { archive, dict, named, type Piece, tensorOf, text, whole } from "../../test/pickles.ts";
import { CheckpointError } from "../base/errors.ts";
import { Allowance } from "../base/limits.ts";
import { zipChunks } from "../base/write-zip.ts";
import { openZip } from "../base/zip.ts";
import { parseSafetensors } from "./safetensors.ts";
import { parseTorch } from "./torch-file.ts";

const read = (pickle: Piece) => () => parseTorch(archive(pickle, { 0: [1] }), "f.pth");
const LARGE = "f.pth: becomes many times as large as the file when it is read";
const pairs = `(${Array.from({ length: 20_000 }, (_, i) => `${whole(i)}N\x86`).join("")}lq\x010`;
const map = `}(${Array.from({ length: 20_000 }, (_, i) => `${whole(i)}N`).join("")}uq\x010`;

describe("pickles", () => {
  test.each<[string, Piece]>([
    ["calls that copy pairs", `${pairs}${named("collections", "OrderedDict")}q\x000(${"h\x00h\x01\x85R".repeat(50_000)}t`],
    ["calls that copy text", `${text("a".repeat(1e6))}q\x010${named("_codecs", "encode")}q\x000(${"h\x00h\x01\x85R".repeat(1000)}t`],
    ["empty lists", `(${"]".repeat(1e6)}t`],
    ["empty dictionaries", `(${"}".repeat(3e5)}t`],
    ["lists of one", `(${"]Na".repeat(3e5)}t`],
    ["objects with entries", `${named("a", "B")}q\x00(${"h\x00)RNNs".repeat(3e5)}t`],
    ["bytes without bytes", `(${"C\x00".repeat(5e5)}t`],
    ["texts without letters", `(${"\x8c\x00".repeat(1e6)}t`],
    ["one value stored again and again", `N${"\x94".repeat(1e6)}`],
    ["a long stack", `(${"N".repeat(2e6)}t`],
    ["a million lists in one another", `${"]".repeat(1e6)}${"a".repeat(1e6 - 1)}`],
    ["a million tuples in one another", `N${"\x85".repeat(1e6)}`],
    ["one element expanded to 900 million", dict({ x: tensorOf("0", 1, [30_000, 30_000], [0, 0]) })],
    ["many expanded ones", dict(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`x${i}`, tensorOf("0", 1, [1000, 1000], [0, 0])])))],
  ])("%s", (_, pickle) => {
    expect(read(pickle)).toThrow(LARGE);
  }); // biome-ignore format: a table

  test.each<[string, Piece]>([
    ["states that are one dictionary", `${map}${named("argparse", "Namespace")}q\x000(${"h\x00)Rh\x01b".repeat(50_000)}t`],
    ["calls that give what they are given", `${map}${named("collections", "Counter")}q\x000(${"h\x00h\x01\x85R".repeat(50_000)}t`],
    ["a list in itself", "]q\x00h\x00a"],
    ["a dictionary in itself", "}q\x00K\x01h\x00s"],
    ["two to the sixtieth of one value", `]q\x00${Array.from({ length: 60 }, (_, i) => `(h${String.fromCharCode(i)}h${String.fromCharCode(i)}tq${String.fromCharCode(i + 1)}`).join("")}`],
    ["an integer of a megabyte", `\x8b\x40\x42\x0f\x00${"\x01".repeat(1e6)}`],
  ])("take no room: %s", (_, pickle) => expect(read(pickle)).toThrow("holds no tensors by name")); // biome-ignore format: a table

  test("operations without end", () =>
    expect(read("N0".repeat(6_000_001))).toThrow("more than 12000000 operations"));
});

describe("archives", () => {
  const fail = (what: string): never => {
    throw new CheckpointError(what);
  };
  const open = (bytes: Uint8Array) =>
    openZip(bytes, fail, new Allowance(bytes.length, "f.pth"), { unsummed: true });
  const one = (content: string): Buffer => Buffer.concat(zipChunks(new Map([["m", [Buffer.from(content)]], ["n", [Buffer.from("x")]]]))); // biome-ignore format: short

  /** The member m deflated, which says it becomes `size`. */
  function deflated(content: Uint8Array, size = content.length): Uint8Array {
    const packed = deflateRawSync(content);
    const [head = new Uint8Array(), ...rest] = zipChunks(new Map([["m", [packed]]]));
    const whole = Buffer.concat([head, ...rest]);
    const directory = head.length + packed.length;
    for (const [method, sum, at] of [[8, 14, 22], [directory + 10, directory + 16, directory + 24]] as const) {
      whole.writeUInt16LE(8, method);
      whole.writeUInt32LE(0, sum); // no checksum
      whole.writeUInt32LE(size, at);
    } // biome-ignore format: rows
    return new Uint8Array(whole);
  }

  test("deflated members are read, up to a limit for all of them", () => {
    const text = new TextEncoder().encode("weights ".repeat(100));
    expect(open(deflated(text)).get("m")!()).toEqual(text);
    const zeros = new Uint8Array(70_000_000);
    expect(() => open(deflated(zeros)).get("m")!()).toThrow(LARGE);
    expect(() => open(deflated(text, 10)).get("m")!()).toThrow('"m" cannot be decompressed');
    expect(() => open(deflated(text, 1000)).get("m")!()).toThrow('"m" has 800 bytes, expected 1000');
  });

  test("members that overlap, or have two sizes, or two that have one name, are refused", () => {
    const whole = one("abc");
    const directory = whole.indexOf("PK\x01\x02");
    const second = whole.indexOf("PK\x01\x02", directory + 1);
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = new Uint8Array(whole);
      bytes[at] = value;
      return bytes;
    };
    expect(open(new Uint8Array(whole)).get("m")!()).toEqual(new TextEncoder().encode("abc"));
    expect(() => open(changed(second + 42, 0))).toThrow("two sizes");
    expect(() => open(changed(22, 4))).toThrow('"m" has two sizes');
    expect(() => open(changed(second + 46, 0x6d))).toThrow('"m" is in the archive twice');
    expect(() => open(changed(directory + 10, 9))).toThrow("method 9");
    expect(() => open(changed(31, 0x7a)).get("m")!()).toThrow("does not match its checksum");
    const twice = one("x"); // both members have the same size, so that one header can stand for both
    twice.writeUInt32LE(0, twice.lastIndexOf("PK\x01\x02") + 42);
    expect(() => open(new Uint8Array(twice))).toThrow("begins inside another file");
  });
});

describe("headers of safetensors", () => {
  const file = (header: string): Uint8Array => {
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(Buffer.from(header), 8);
    return bytes;
  };
  test.each([
    ["lists", `{"a":{"shape":[${"[],".repeat(1e6)}[]]}}`],
    ["names", `{${Array.from({ length: 300_000 }, (_, i) => `"${i}":1`).join()}}`],
    ["commas", `{"a":[${",".repeat(7e6)}]}`],
  ])("%s", (_, header) => expect(() => parseSafetensors(file(header), "f.pth")).toThrow(LARGE));
});

test("an allowance is three times the file and 32 MiB", () => {
  const allowance = new Allowance(100, "f.pth");
  allowance.take(300 + 32 * 2 ** 20);
  expect(() => allowance.take(1)).toThrow(LARGE);
  expect(() => new Allowance(100, "f.pth").take(Number.NaN)).toThrow(LARGE);
});

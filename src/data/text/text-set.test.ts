import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test, vi } from "vitest";
import { random, scope } from "../../tensor/index.ts";
import { rowsIn, rowsOf } from "../share.ts";
import { blockStarts, blocksAt, randomBlocks, requireBlock } from "./blocks.ts";
import { openText, splitText } from "./text-set.ts";
import { characterTokenizer } from "./train-tokenizer.ts";

const dir = mkdtempSync(join(tmpdir(), "vitrine text-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a text is split by position, 90 to 10, never inside a character", () => {
  expect(splitText("0123456789")).toEqual({ train: "012345678", test: "9" });
  expect(splitText("01234567😀9")).toEqual({ train: "01234567", test: "😀9" });
});

test("files and folders are found by path, in the folder of data sets, and in its text/", () => {
  mkdirSync(join(dir, "text/story"), { recursive: true });
  writeFileSync(join(dir, "text/story/b.txt"), "klmnopqrst");
  writeFileSync(join(dir, "text/story/a.txt.gz"), gzipSync("abcdefghij"));
  writeFileSync(join(dir, "one.txt"), "0123456789");
  expect(openText("text:story", { dir })).toMatchObject({ train: "abcdefghijklmnopqr", test: "st" });
  expect(openText("text:one.txt", { dir })).toMatchObject({ train: "012345678", test: "9" });
  expect(openText(`text:${join(dir, "one.txt")}`).test).toBe("9");
  expect(openText("text:story", { dir }).fingerprint()).not.toBe(
    openText("text:one.txt", { dir }).fingerprint(),
  );
});

/** A folder of texts that hold their own names, and what opening it says. */
function folderOf(name: string, files: readonly string[]) {
  for (const file of files) {
    mkdirSync(dirname(join(dir, name, file)), { recursive: true });
    writeFileSync(join(dir, name, file), file.endsWith(".gz") ? gzipSync(file) : file);
  }
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    const { train, test } = openText(`text:${name}`, { dir });
    return { train, test, said: lines.join("") };
  } finally {
    spy.mockRestore();
  }
}

test.each<[train: string, test: string, others: string[]]>([
  ["train.txt", "test.txt", []],
  ["x.train.txt", "x.valid.txt", []],
  ["my_train.txt", "my_test.txt", ["my_valid.txt"]],
  ["wiki-Train.txt", "wiki-VAL.txt.gz", ["notes.txt"]],
  ["TRAIN.TXT", "my-dev.txt", []],
  ["train_1.txt", "b.validation.txt", ["read.me"]],
  ["train-00000-of-00001.txt", "test-00000-of-00001.txt", ["dev-00000-of-00001.txt"]],
  ["train/a.txt", "test/b.txt", ["validation/c.txt", "more"]],
  ["latest train.txt", "contest_test.txt", []],
])("%s and %s are the split, and that is said", (train, held, others) => {
  const found = folderOf(`split ${train}`, [train, held, ...others]);
  expect(found).toMatchObject({ train, test: held });
  const left = others.length > 0 ? `text:split ${train}: left out ${others.join(", ")}\n` : "";
  expect(found.said).toBe(`${left}text:split ${train}: learns from ${train}, is measured on ${held}\n`);
});

test.each([[["latest.txt", "trains.txt"]], [["my_train.txt", "story.txt"]], [["test.txt", "valid.txt"]]])(
  "%j is split by position, and that is said",
  (files) => {
    const text = files.join("");
    const found = folderOf(files.join(), files);
    expect(found).toMatchObject(splitText(text));
    expect(found.said).toBe(
      `text:${files.join()}: split by position, the first 90 % of its ${text.length} characters to learn from, the rest to measure on\n`,
    );
  },
);

test("names that say two parts, and a text beside its .gz, are refused", () => {
  expect(() => folderOf("two", ["a_train_test.txt", "b.txt"])).toThrow("says train and test, expected one");
  expect(() => folderOf("twice", ["a.txt", "a.txt.gz"])).toThrow("a.txt: is there with and without .gz");
  symlinkSync(join(dir, "gone"), join(dir, "two/link.txt"));
  expect(() => folderOf("two", [])).toThrow("link.txt: a link that leads nowhere");
});

test("a mark of byte order at the start is no character of the text; line ends stay", () => {
  writeFileSync(join(dir, "marked.txt"), "\ufeff0123\r\n\ufeff678");
  expect(openText("text:marked.txt", { dir })).toMatchObject({ train: "0123\r\n\ufeff67", test: "8" });
});

test.each([
  [[0x61, 0xe9, 0x62], 1],
  [[0xff, 0xfe, 0x61, 0], 0],
  [[0x61, 0xef, 0xbf, 0x78], 1],
  [[0xef, 0xbf, 0xbd, 0xe4, 0xb8], 3],
  [[0xc3, 0xa9, 0x80], 2],
  [[0x61, 0xed, 0xa0, 0x80], 1],
])("bytes %j are refused at %i", (bytes, at) => {
  writeFileSync(join(dir, "wrong.txt"), Buffer.from(bytes));
  const byte = `0x${bytes[at]!.toString(16)}`;
  expect(() => openText("text:wrong.txt", { dir })).toThrow(
    `expected UTF-8 text, got the byte ${byte} at ${at}; save it as UTF-8`,
  );
});

test("what is no text is refused, and says where it was looked for", () => {
  writeFileSync(join(dir, "latin.txt"), Buffer.from([0x61, 0xe9, 0x62]));
  writeFileSync(join(dir, "bad.txt.gz"), "no gzip");
  writeFileSync(join(dir, "empty.txt"), "");
  mkdirSync(join(dir, "nothing"));
  const open = (name: string) => () => openText(name, { dir });
  expect(open("text:latin.txt")).toThrow("expected UTF-8 text, got the byte 0xe9 at 1");
  expect(open("text:bad.txt.gz")).toThrow("is not compressed by gzip");
  expect(open("text:empty.txt")).toThrow("expected a text, got 0 characters");
  expect(open("text:nothing")).toThrow("expected files that end in .txt");
  expect(open("text:gone")).toThrow(join(dir, "text", "gone"));
  expect(open("mnist")).toThrow('such as text:tinyshakespeare or text:PATH, got "mnist"');
});

test("blocks stand side by side, or are spread; a text shorter than one is refused", () => {
  const tokens = Int32Array.from({ length: 11 }, (_, i) => i);
  expect(blockStarts(11, 4, 3)).toEqual([0, 3, 6]);
  expect(blockStarts(11, 4, 3, 2)).toEqual([0, 3]);
  expect(blockStarts(3, 4, 3)).toEqual([]);
  using rows = blocksAt(tokens, [0, 7], 4);
  expect(rows.toArray()).toEqual([
    [0, 1, 2, 3],
    [7, 8, 9, 10],
  ]);
  expect(() => requireBlock(tokens, 12, "t")).toThrow("t: has 11 tokens, expected 12 or more");
  expect(() => requireBlock(tokens, 11, "t")).not.toThrow();
});

test("random blocks are parts of the text, reach both ends, and follow the seed", () => {
  const tokens = Int32Array.from({ length: 9 }, (_, i) => 10 * i);
  using blocks = randomBlocks(tokens, 200, 4, random(1));
  const rows = blocks.toArray() as number[][];
  for (const [first, ...rest] of rows) expect(rest).toEqual([first! + 10, first! + 20, first! + 30]);
  expect(new Set(rows.map(([first]) => first))).toEqual(new Set([0, 10, 20, 30, 40, 50]));
  using again = randomBlocks(tokens, 200, 4, random(1));
  expect(again.toArray()).toEqual(rows);
});

const shared = [
  process.env.VITRINE_DATA,
  fileURLToPath(new URL("../../../../shared/data", import.meta.url)),
].find((place) => place && existsSync(join(place, "text/tinyshakespeare")));

test.skipIf(!shared)("Tiny Shakespeare has the characters that are known of it", () => {
  const { train, test } = openText("text:tinyshakespeare", { dir: shared! });
  expect([train.length, test.length]).toEqual([1_003_854, 111_540]);
  const tokenizer = characterTokenizer(train);
  expect(tokenizer.size).toBe(65);
  expect(tokenizer.decode(tokenizer.encode(test))).toBe(test);
});

test("blocks of 1 to 5 processes are together those of one, and each reads its own alone", () => {
  const tokens = Int32Array.from({ length: 50 }, (_, i) => i);
  const reads: number[] = [];
  const watched = {
    length: 50,
    subarray: (from: number, to: number) => {
      reads.push(from);
      return tokens.subarray(from, to);
    },
  };
  scope(() => {
    const one = randomBlocks(tokens, 7, 4, random(1)).toArray();
    for (let size = 1; size <= 5; size++) {
      reads.length = 0;
      const parts = Array.from({ length: size }, (_, rank) => {
        const at = rowsOf({ rank, size }, 7);
        return randomBlocks(watched, at.length, 4, random(1).of(rowsIn(7, at))).toArray() as number[][];
      });
      expect(parts.flat()).toEqual(one);
      expect(reads).toHaveLength(7);
    }
  });
});

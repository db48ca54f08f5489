import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { random } from "../../tensor/index.ts";
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

test("files that say what they are for make the split: train, and test before valid", () => {
  const folder = join(dir, "split");
  mkdirSync(folder);
  for (const part of ["train", "valid"]) writeFileSync(join(folder, `x.${part}.txt`), part);
  expect(openText("text:split", { dir })).toMatchObject({ train: "train", test: "valid" });
  writeFileSync(join(folder, "x.test.txt"), "test");
  expect(openText("text:split", { dir })).toMatchObject({ train: "train", test: "test" });
});

test("what is no text is refused, and says where it was looked for", () => {
  writeFileSync(join(dir, "latin.txt"), Buffer.from([0x61, 0xe9, 0x62]));
  writeFileSync(join(dir, "bad.txt.gz"), "no gzip");
  writeFileSync(join(dir, "empty.txt"), "");
  mkdirSync(join(dir, "nothing"));
  const open = (name: string) => () => openText(name, { dir });
  expect(open("text:latin.txt")).toThrow("expected UTF-8 text, got other bytes");
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

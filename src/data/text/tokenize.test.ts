import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { toBytes } from "./byte-letters.ts";
import { pieces } from "./pieces.ts";
import { readTokenizer } from "./read-tokenizer.ts";
import { openTokenFolder, TokenFile } from "./token-file.ts";
import { tokenizeFiles } from "./tokenize.ts";
import { tokenizerJson } from "./tokenizer-json.ts";
import { trainBpe } from "./train-tokenizer.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-tokenize-"));
afterAll(() => rmSync(root, { recursive: true }));
const at = (name: string): string => join(root, name);

const verse = (n: number): string =>
  Array.from(
    { length: n },
    (_, i) => `The ${i * i} cats'll sit  on mat ${i}.${i % 7 ? "\n" : "\n\n  "}`,
  ).join("");
const bpe = trainBpe(verse(200), 320).with(["<|endoftext|>"]);
writeFileSync(at("tokenizer.json"), tokenizerJson(bpe));
const end = bpe.special("<|endoftext|>");
const all = ({ length }: TokenFile, file: TokenFile): number[] => Array.from(file.subarray(0, length));

test("a long text in threads has the tokens of the whole, in order; the share by position is held back", async () => {
  const text = verse(12_000);
  writeFileSync(at("long.txt"), text);
  const made = { inputs: [at("long.txt")], tokenizer: at("tokenizer.json"), output: at("long"), workers: 2 };
  const meta = await tokenizeFiles({ ...made, valShare: 0.1 });
  const folder = openTokenFolder(at("long"));
  const [train, val] = [folder.train as TokenFile, folder.test as TokenFile];
  expect(meta).toMatchObject({ type: "uint16", vocabulary: bpe.size, train: train.length, val: val.length });
  const whole = Array.from(bpe.encode(text));
  expect(train.length + val.length).toBe(whole.length + 1);
  expect(val.length / whole.length).toBeGreaterThan(0.09);
  expect(val.length / whole.length).toBeLessThan(0.2);
  expect(all(train, train).at(-1)).toBe(end);
  const first = bpe.decode(all(val, val));
  expect(text.startsWith(first.slice(0, 60_000))).toBe(true);
  await expect(tokenizeFiles(made)).rejects.toThrow("has tokens already");
  const again = await tokenizeFiles({ ...made, output: at("again"), valShare: 0.1, workers: 1 });
  expect(again).toEqual(meta);
});

test.each([
  ["one line", verse(9_000).replaceAll(/\s+/g, " ")],
  ["line ends beside other spaces", "a\u0085\nb \u00a0c\n".repeat(40_000)],
])("a text is cut into pieces between words alone: %s", async (name, text) => {
  const path = at(`${name}.txt`);
  writeFileSync(path, text);
  const parts: string[] = [];
  for await (const piece of pieces(path, "text", false)) parts.push(piece.text);
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.join("")).toBe(text);
  expect(parts.flatMap((part) => Array.from(bpe.encode(part)))).toEqual(Array.from(bpe.encode(text)));
});

test("lines of JSON and rows of Parquet are documents; a file called val is measured on", async () => {
  const documents = ["one fish", "two fish", "red fish", "blue fish"];
  writeFileSync(
    at("train.jsonl"),
    documents
      .slice(0, 2)
      .map((text) => JSON.stringify({ text }))
      .join("\n"),
  );
  const columnData = [{ name: "text", data: documents.slice(2) }];
  writeFileSync(at("val.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
  const inputs = [at("train.jsonl"), at("val.parquet")];
  await tokenizeFiles({ inputs, tokenizer: at("tokenizer.json"), output: at("documents"), workers: 1 });
  const { train, test: val } = openTokenFolder(at("documents"));
  const tokens = (texts: string[]): number[] => texts.flatMap((text) => [...bpe.encode(text), end]);
  expect([...Array.from(train.subarray(0, train.length))]).toEqual(tokens(documents.slice(0, 2)));
  expect([...Array.from(val.subarray(0, val.length))]).toEqual(tokens(documents.slice(2)));
  writeFileSync(at("bad.jsonl"), '{"text": "a"}\n{"body": "b"}\n');
  const bad = { inputs: [at("bad.jsonl")], tokenizer: at("tokenizer.json"), output: at("bad"), workers: 1 };
  await expect(tokenizeFiles(bad)).rejects.toThrow('bad.jsonl: line 2: expected text in "text"');
});

test.each([
  ["cut.jsonl.gz", gzipSync('{"text": "a"}\n'.repeat(1000)).subarray(0, 40), "cut.jsonl.gz: cannot be read"],
  ["cut.txt.gz", gzipSync("a word\n".repeat(1000)).subarray(0, 30), "cut.txt.gz: cannot be read"],
  [
    "latin.jsonl",
    Buffer.from('{"text": "caf\xe9"}\n', "latin1"),
    "latin.jsonl: cannot be read as UTF-8 text",
  ],
  ["no.jsonl", Buffer.from("text\n"), "no.jsonl: line 1: not JSON"],
])("%s is refused, and nothing is left that is half", async (name, bytes, says) => {
  writeFileSync(at(name), bytes);
  const output = at(`from ${name}`);
  const refused = tokenizeFiles({ inputs: [at(name)], tokenizer: at("tokenizer.json"), output, workers: 1 });
  await expect(refused).rejects.toThrow(says);
  expect(existsSync(join(output, "meta.json"))).toBe(false);
});

test("tiktoken's ranks and GPT-2's two files are the same tokenizer as its tokenizer.json", () => {
  const { tokens, merges } = bpe.vocabulary;
  const own = tokens.filter((_, i) => i !== end);
  const ranks = own.map((token, i) => `${Buffer.from(toBytes(token)!).toString("base64")} ${i}`);
  writeFileSync(at("small.tiktoken"), `${ranks.join("\n")}\n`);
  writeFileSync(at("vocab.bpe"), `#version: 0.2\n${merges.map((pair) => pair.join(" ")).join("\n")}\n`);
  writeFileSync(at("encoder.json"), JSON.stringify(Object.fromEntries(tokens.map((token, i) => [token, i]))));
  const text = verse(50);
  for (const file of ["small.tiktoken", "vocab.bpe", "tokenizer.json"]) {
    const read = readTokenizer(at(file));
    expect([read.size, [...read.encode(text)]], file).toEqual([bpe.size, [...bpe.encode(text)]]);
  }
  writeFileSync(at("wrong.tiktoken"), "IQ== 0\nIg== 2\n");
  expect(() => readTokenizer(at("wrong.tiktoken"))).toThrow(
    "line 2: expected a token in base64 and the rank 1",
  );
});

test("files that are cut off, foreign or of another vocabulary are refused with the place", () => {
  const path = at("some.bin");
  writeFileSync(path, new Uint8Array(Uint16Array.of(1, 2, 3, 700).buffer));
  expect(Array.from(new TokenFile(path, "uint16", 701).subarray(1, 4))).toEqual([2, 3, 700]);
  expect(() => new TokenFile(path, "uint16", 700).subarray(2, 4)).toThrow(
    "expected tokens from 0 to 699, got 700 at 3",
  );
  expect(() => new TokenFile(path, "uint16", 701, 5)).toThrow(
    "expected the 5 tokens that meta.json says, got 4",
  );
  truncateSync(path, 7);
  expect(() => new TokenFile(path, "uint16", 701)).toThrow(
    "expected a multiple of 2 bytes, one uint16 a token, got 7",
  );
  expect(() => openTokenFolder(root)).toThrow("meta.json: not there");
  writeFileSync(at("meta.json"), "{}");
  expect(() => openTokenFolder(root)).toThrow("meta.json: expected what `vitrine data tokenize` writes");
  expect(readFileSync(at("documents/meta.json"), "utf8")).toContain('"fingerprint"');
});

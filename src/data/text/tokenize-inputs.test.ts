import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { textsToTokenize } from "./tokenize-inputs.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-inputs-"));
afterAll(() => rmSync(root, { recursive: true }));
const said: string[] = [];
vi.spyOn(process.stderr, "write").mockImplementation((line) => said.push(String(line)) > 0);
afterEach(() => void said.splice(0));

function folder(name: string, files: readonly string[]): string {
  for (const file of files) {
    mkdirSync(dirname(join(root, name, file)), { recursive: true });
    writeFileSync(join(root, name, file), "");
  }
  return join(root, name);
}

test.each<[string, string[], string[]]>([
  [
    "dots",
    ["ptb.train.txt.gz", "ptb.test.txt.gz", "ptb.valid.txt.gz"],
    ["ptb.test.txt.gz", "ptb.valid.txt.gz"],
  ],
  ["words", ["Wiki-Train.jsonl", "wiki_dev.jsonl.gz", "more.txt"], ["wiki_dev.jsonl.gz"]],
  [
    "shards",
    ["train-00000-of-00002.parquet", "validation-00000-of-00001.parquet"],
    ["validation-00000-of-00001.parquet"],
  ],
  ["folders", ["train/a.txt", "val/a.txt"], ["val/a.txt"]],
])("names say what is measured on: %s", (name, files, held) => {
  const path = folder(name, files);
  const found = textsToTokenize([path], 0.1);
  expect([...found.files].sort()).toEqual(files.map((file) => join(path, file)).sort());
  expect([...found.held!]).toEqual(held.map((file) => join(path, file)));
  const single = textsToTokenize(
    files.map((file) => join(path, file)),
    0.1,
  ); // the same, file by file
  if (name !== "folders") expect([...single.held!]).toEqual([...found.held!].toSorted());
  expect(said[0]).toMatch(/^tokenize: measures on .*, learns from the rest/);
});

test("folders that are given one by one say their part", () => {
  const path = folder("split", ["train/a.txt", "test/a.txt"]);
  const { held } = textsToTokenize([join(path, "train"), `${join(path, "test")}/`], 0.1);
  expect([...held!]).toEqual([join(path, "test/a.txt")]);
});

test("a file's own name counts before that of the folder that is given", () => {
  const path = folder("test", ["train.txt", "val.txt"]);
  expect([...textsToTokenize([path], 0.1).held!]).toEqual([join(path, "val.txt")]);
});

test("a text that is given twice is refused, by whatever name", () => {
  const path = folder("twice", ["train.txt", "val.txt"]);
  symlinkSync(join(path, "train.txt"), join(root, "linked.txt"));
  const file = join(path, "val.txt");
  for (const [inputs, message] of [
    [[file, file], `${file}: given twice; give each text once`],
    [[path, file], `${file}: given twice; give each text once`],
    [[path, join(root, "linked.txt")], `linked.txt: given twice, also as ${join(path, "train.txt")}`],
  ] as const)
    expect(() => textsToTokenize(inputs, 0.1)).toThrow(message);
});

test.each([
  [["a.txt", "b.jsonl"], "no name says val or test"],
  [["test.txt", "valid.txt"], "all names say val or test"],
])("where names leave it open, a share is measured on: %j", (files, why) => {
  const path = folder(why, files);
  expect(textsToTokenize([path], 0.07).held).toBeUndefined();
  expect(said.join("")).toBe(`tokenize: ${why}; measures on 7 % of the text, spread evenly\n`);
});

test("what is left out is said; what cannot be told apart is refused", () => {
  const path = folder("left", ["a.txt", "read.me", "more/b.txt"]);
  expect(textsToTokenize([path], 0.1).files).toEqual([join(path, "a.txt")]);
  expect(said.join("")).toContain(`${path}: left out more, read.me\n`);
  expect(() => textsToTokenize([folder("twin", ["a.jsonl", "a.jsonl.gz"])], 0.1)).toThrow(
    "with and without .gz",
  );
  expect(() => textsToTokenize([folder("both", ["train_test.txt"])], 0.1)).toThrow("says train and test");
  expect(() => textsToTokenize([folder("none", ["read.me"])], 0.1)).toThrow("got none");
});

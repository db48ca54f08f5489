/** @file Two machines that do not have the same: the rank that has the fault says it, the other one which rank it was. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tokenizeFiles, tokenizerJson, trainBpe } from "../src/data/text/index.ts";
import { type RankEnd, runOnRanks } from "./rank-runs.ts";
import { plainJpeg, tarOf } from "./shards.ts";

type Settings = Record<string, unknown>;

const root = mkdtempSync(join(tmpdir(), "vitrine bad ranks-"));
afterAll(() => rmSync(root, { recursive: true }));
/** Folders of data sets of the two machines. */
const machines = [join(root, "0"), join(root, "1")] as const;

const run = { device: "cpu", threads: 1, logInterval: 1 };
const images = (name: string, dir: string, train: Settings = {}): Settings => ({
  ...{ name: "images", method: { name: "supervised" } },
  model: { name: "crate", dim: 16, depth: 1, heads: 2, patch: 8, imageSize: 16 },
  data: { name: `shards:${name}`, dir, workers: 1 },
  train: { ...run, epochs: 1, batchSize: 4, lr: 0.01, ...train },
});
const text = (name: string, dir: string): Settings => ({
  ...{ name: "text", method: { name: "language" } },
  model: { name: "crate_gpt", dim: 16, depth: 1, heads: 2, context: 8 },
  data: { name: `text:${name}`, dir },
  train: { ...run, steps: 3, batchSize: 4, lr: 0.01 },
});

const both = (of: (dir: string) => Settings): [Settings, Settings] => [of(machines[0]), of(machines[1])];
const cases: Record<string, { settings: [Settings, Settings]; said: [[number, RegExp], [number, RegExp]] }> =
  {
    "other recipes": {
      settings: [images("whole", machines[0]), images("whole", machines[1], { lr: 0.02 })],
      said: [
        [2, /^rank 1 differs from rank 0 in train\.lr; start all processes alike$/],
        [2, /^rank 1 differs from rank 0 in train\.lr; start all processes alike$/],
      ],
    },
    "a shard that one machine has not": {
      settings: both((dir) => images("missing", dir)),
      said: [
        [2, /^rank 1 differs from rank 0 in the data set's contents/],
        [2, /^rank 1 differs from rank 0 in the data set's contents/],
      ],
    },
    "no data": {
      settings: both((dir) => images("one", dir)),
      said: [
        [8, /rank 1 does not answer/],
        [3, /^shards: .*one has no \.tar or \.parquet file|one/],
      ],
    },
    "an archive that is cut in the middle": {
      settings: both((dir) => images("cut", dir)),
      said: [
        [8, /rank 1 does not answer/],
        [
          3,
          /cut.train-0\.tar: record \d.* the archive is cut off.*fetch it again, or set data\.damaged to skip/,
        ],
      ],
    },
    "a batch smaller than the processes": {
      settings: both((dir) => images("whole", dir, { batchSize: 1 })),
      said: [
        [2, /^train\.batchSize: expected at least 2, one of each batch for each process, got 1/],
        [2, /^train\.batchSize: expected at least 2, one of each batch for each process, got 1/],
      ],
    },
    "tokens beyond the vocabulary": {
      settings: both((dir) => text("beyond", dir)),
      said: [
        [8, /rank 1 does not answer/],
        [3, /beyond.train\.bin: expected tokens from 0 to \d+, got 65535 at \d+; it is another vocabulary's/],
      ],
    },
    "a file of tokens and a half": {
      settings: both((dir) => text("half", dir)),
      said: [
        [8, /rank 1 does not answer/],
        [3, /half.train\.bin: expected a multiple of 2 bytes, one uint16 a token, got \d+; it is cut off/],
      ],
    },
  };

let found: RankEnd[][];

beforeAll(async () => {
  for (const dir of machines) mkdirSync(join(dir, "text"), { recursive: true });
  await makeImages();
  await makeTokens();
  const runs = Object.entries(cases).map(([name, { settings }]) => ({ name, settings }));
  found = await runOnRanks(2, join(root, "runs"), runs);
});

/** The same shards on both machines, but for what is missing and what is cut on the second. */
async function makeImages(): Promise<void> {
  const jpegs = await Promise.all(Array.from({ length: 8 }, (_, i) => plainJpeg(30 * i)));
  const archive = tarOf(
    jpegs.flatMap(
      (bytes, i) =>
        [
          [`${i}.jpg`, bytes],
          [`${i}.cls`, `${i % 2}`],
        ] as const,
    ),
  );
  const [first, second] = machines;
  for (const name of ["whole", "missing", "cut", "one"]) {
    mkdirSync(join(first, name));
    for (const shard of ["train-0.tar", "train-1.tar", "val-0.tar"])
      writeFileSync(join(first, name, shard), archive);
    if (name !== "one") cpSync(join(first, name), join(second, name), { recursive: true });
  }
  rmSync(join(second, "missing", "train-1.tar"));
  truncateSync(join(second, "cut", "train-0.tar"), archive.length / 2);
}

/** The same tokens on both machines, but for a token that is none, and for a byte too many. */
async function makeTokens(): Promise<void> {
  const words = "a few words of a text\n".repeat(60);
  const inputs = ["one.txt", "two.txt"].map((name) => join(root, name));
  for (const file of inputs) writeFileSync(file, words);
  writeFileSync(join(root, "tokenizer.json"), tokenizerJson(trainBpe(words, 280)));
  const [first, second] = machines;
  for (const name of ["beyond", "half"]) {
    const output = join(first, "text", name);
    await tokenizeFiles({
      ...{ inputs, tokenizer: join(root, "tokenizer.json") },
      ...{ output, valShare: 0.4, workers: 1 },
    });
    cpSync(output, join(second, "text", name), { recursive: true });
  }
  const tokens = readFileSync(join(second, "text/beyond/train.bin"));
  writeFileSync(join(second, "text/beyond/train.bin"), tokens.fill(0xff));
  const half = readFileSync(join(second, "text/half/train.bin"));
  writeFileSync(join(second, "text/half/train.bin"), Buffer.concat([half, Buffer.alloc(1)]));
}

test.each(Object.keys(cases))("%s", (name) => {
  for (const [rank, [code, message]] of cases[name]!.said.entries()) {
    const one = found[rank]!.find((run) => run.name === name);
    expect([rank, one?.code, one?.message]).toEqual([rank, code, expect.stringMatching(message)]);
  }
});

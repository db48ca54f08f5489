/** @file The recipes of the papers start on data in the forms in which such data come; their models are made small. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runOnRanks } from "../../test/rank-runs.ts";
import { imageParquet, plainJpeg, tarOf } from "../../test/shards.ts";
import { quietly, records } from "../../test/tiny.ts";
import { tokenizeFiles, tokenizerJson, trainBpe } from "../data/text/index.ts";
import { findRecipe } from "../recipe/recipes.ts";
import { resolveRecipe } from "./recipe.ts";
import { trainRun } from "./train-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-paper-"));
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(async () => {
  const jpegs = await Promise.all(Array.from({ length: 8 }, (_, i) => plainJpeg(30 * i, 40, 30)));
  for (const name of ["imagenet-tar", "imagenet-parquet"]) mkdirSync(join(root, name));
  for (const split of ["train", "validation"]) {
    const files = jpegs.flatMap(
      (bytes, i) =>
        [
          [`${i}.jpg`, bytes],
          [`${i}.cls`, `${i % 2}`],
        ] as const,
    );
    writeFileSync(join(root, "imagenet-tar", `imagenet1k-${split}-0000.tar`), tarOf(files));
    const labels = jpegs.map((_, i) => i % 2);
    writeFileSync(
      join(root, "imagenet-parquet", `${split}-00000-of-00001.parquet`),
      imageParquet(jpegs, labels),
    );
  }
  const text = Array.from({ length: 400 }, (_, i) => `${i} words of ${i * i}, and more.`).join("\n");
  const inputs = ["one.txt", "two.txt"].map((name) => join(root, name));
  for (const file of inputs) writeFileSync(file, text);
  writeFileSync(join(root, "gpt2.json"), tokenizerJson(trainBpe(text, 300).with(["<|endoftext|>"])));
  for (const name of ["openwebtext", "pile"])
    await tokenizeFiles({
      ...{ inputs, tokenizer: join(root, "gpt2.json") },
      ...{ output: join(root, "text", name), valShare: 0.4, workers: 1 },
    });
});

type Settings = Record<string, Record<string, unknown>>;

/** A small model and few samples; the rest as the paper has it. */
const small = (settings: Settings): Settings => ({
  ...settings,
  train: { device: "cpu", threads: 1, logInterval: 1, precision: "fp32", ...settings.train },
});

const images = { imageSize: 16, patch: 8, dim: 16, depth: 1, heads: 2 };
const decoder = { decoderDim: 16, decoderDepth: 1, decoderHeads: 2 };

const runs: { name: string; recipe: string; settings: Settings }[] = [
  ...(
    [
      ["imagenet-crate-base", "tar", { ...images, name: "crate" }, {}],
      ["imagenet-crate-base", "parquet", { ...images, name: "crate" }, {}],
      ["imagenet-crate-mae-base-paper", "tar", { ...images, name: "crate_mae" }, { microBatch: 4 }],
      [
        "imagenet-vit-mae-base-paper",
        "parquet",
        { ...images, ...decoder, name: "vit_mae" },
        { microBatch: 4 },
      ],
    ] as const
  ).map(([recipe, form, model, train]) => ({
    ...{ name: `${recipe} on shards of ${form}`, recipe },
    settings: small({
      model,
      data: { name: `shards:imagenet-${form}`, dir: root, workers: 1 },
      train: { batchSize: 4, ...train },
    }),
  })),
  ...(
    [
      ["crate-gpt-paper", "crate_gpt"],
      ["gpt2-paper", "gpt2"],
      ["crate-lm-paper", "crate_lm"],
      ["tost-gpt-paper", "tost_gpt"],
    ] as const
  ).map(([recipe, model]) => ({
    ...{ name: `${recipe} on files of tokens`, recipe },
    settings: small({
      model: { name: model, dim: 16, depth: 1, heads: 2, context: 16, vocabulary: 320 },
      data: { dir: root },
      train: { batchSize: 2, accumulate: 2 },
    }),
  })),
];

const losses = (folder: string): number[] =>
  records(folder).flatMap((record) => ("train/loss" in record ? [record["train/loss"] as number] : []));

test.each(runs.map((run) => [run.name, run] as const))(
  "%s: two steps",
  async (name, { recipe, settings }) => {
    const output = join(root, "one", name);
    const layers = [findRecipe(recipe), { origin: "test", values: settings }];
    await trainRun(resolveRecipe(layers).recipe, quietly(output, { maxSteps: 2 }));
    expect(losses(output)).toHaveLength(2);
  },
);

test("the same on two processes", async () => {
  const both = runs.map(({ settings, ...run }) => ({ ...run, settings: [settings], maxSteps: 2 }));
  for (const ends of await runOnRanks(2, join(root, "two"), both))
    expect(ends).toEqual(runs.map(({ name }) => ({ name, code: 0, message: "" })));
  for (const { name } of runs) {
    const [one, two] = ["one", "two"].map((count) => losses(join(root, count, name)));
    expect([name, two?.length]).toEqual([name, 2]);
    for (const [i, loss] of one!.entries()) expect([name, two![i]]).toEqual([name, expect.closeTo(loss, 3)]);
  }
});

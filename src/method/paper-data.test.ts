/** @file The recipes of the papers start on data in the forms in which such data come; their models are made small. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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
  writeFileSync(join(root, "text.txt"), text);
  writeFileSync(join(root, "gpt2.json"), tokenizerJson(trainBpe(text, 300).with(["<|endoftext|>"])));
  for (const name of ["openwebtext", "pile"])
    await tokenizeFiles({
      ...{ inputs: [join(root, "text.txt"), join(root, "text.txt")], tokenizer: join(root, "gpt2.json") },
      ...{ output: join(root, "text", name), valShare: 0.4, workers: 1 },
    });
});

/** A recipe with a small model and few samples; the rest as the paper has it. */
function small(name: string, settings: Record<string, Record<string, unknown>>) {
  const shared = {
    train: { device: "cpu", threads: 1, logInterval: 1, precision: "fp32", ...settings.train },
  };
  return resolveRecipe([findRecipe(name), { origin: "test", values: { ...settings, ...shared } }]).recipe;
}

const images = { imageSize: 16, patch: 8, dim: 16, depth: 1, heads: 2 };
const decoder = { decoderDim: 16, decoderDepth: 1, decoderHeads: 2 };

test.each([
  ["imagenet-crate-base", "tar", { ...images, name: "crate" }, {}],
  ["imagenet-crate-base", "parquet", { ...images, name: "crate" }, {}],
  ["imagenet-crate-mae-base-paper", "tar", { ...images, name: "crate_mae" }, { microBatch: 4 }],
  ["imagenet-vit-mae-base-paper", "parquet", { ...images, ...decoder, name: "vit_mae" }, { microBatch: 4 }],
])("%s takes two steps on shards: %s", async (name, form, model, train) => {
  const recipe = small(name, {
    model,
    data: { name: `shards:imagenet-${form}`, dir: root, workers: 1 },
    train: { batchSize: 4, ...train },
  });
  const output = mkdtempSync(join(root, "run-"));
  await trainRun(recipe, quietly(output, { maxSteps: 2 }));
  expect(records(output).filter((record) => "train/loss" in record)).toHaveLength(2);
});

test.each([
  ["crate-gpt-paper", "crate_gpt"],
  ["gpt2-paper", "gpt2"],
  ["crate-lm-paper", "crate_lm"],
  ["tost-gpt-paper", "tost_gpt"],
])("%s takes two steps on files of tokens", async (name, model) => {
  const recipe = small(name, {
    model: { name: model, dim: 16, depth: 1, heads: 2, context: 16, vocabulary: 320 },
    data: { dir: root },
    train: { batchSize: 2, accumulate: 2 },
  });
  const output = mkdtempSync(join(root, "run-"));
  await trainRun(recipe, quietly(output, { maxSteps: 2 }));
  expect(records(output).filter((record) => "train/loss" in record)).toHaveLength(2);
});

/** @file No setting without effect: every key of every method, set to another value, changes what a small run does. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { few, fewGrey, SMALL_RUNS, type Tree } from "../../test/small-runs.ts";
import { lastCheckpoint, quietly, records } from "../../test/tiny.ts";
import { registerDataset } from "../data/index.ts";
import { characterTokenizer, tokenizerJson } from "../data/text/index.ts";
import { createModel } from "../model/index.ts";
import { random, saveTensors, scope, type Tensor, tensor } from "../tensor/index.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { methodNames, type Recipe, resolveRecipe, treeOf, valueAt } from "./recipe.ts";
import { type Key, recipeKeys } from "./recipe-keys.ts";
import { trainRun } from "./train-run.ts";

for (const set of [few, fewGrey]) registerDataset(set);
const root = mkdtempSync(join(tmpdir(), "vitrine settings-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Folders that have a text of the same name. */
const texts = ["a few words of a text\n", "other words of a text\n"].map((line, i) => {
  const folder = join(root, `texts ${i}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "words.txt"), line.repeat(20));
  return folder;
});
const tokenizers = [" \nadefkorstwx", " \nadefkorstwxyz"].map((letters, i) => {
  const path = join(root, `tokenizer ${i}.json`);
  writeFileSync(path, tokenizerJson(characterTokenizer(letters)));
  return path;
});
const [weights, encoder] = [join(root, "weights"), join(root, "encoder")];
const [parts, arrays] = [join(root, "parts.safetensors"), join(root, "arrays.safetensors")];

beforeAll(async () => {
  await trainRun({ ...recipeOf("supervised"), seed: 7 }, quietly(weights));
  await trainRun(recipeOf("mcr2"), quietly(encoder));
  scope(() => {
    const { name: _, ...options } = SMALL_RUNS.supervised!.model!;
    const both = new Map<string, Tensor>();
    for (const [i, part] of ["first", "second"].entries()) {
      using net = createModel("crate", { ...options, classes: 4 }, random(i));
      for (const [name, parameter] of net.stateDict()) both.set(`${part}.${name}`, parameter.clone());
    }
    saveTensors(parts, both);
    const numbers = (seed: number) => random(seed).normal([60, 8]);
    const labels = (classes: number) =>
      tensor(BigInt64Array.from({ length: 60 }, (_, i) => BigInt(i % classes)));
    const named = { first: numbers(1), second: numbers(2), y: labels(3), y2: labels(2) };
    saveTensors(arrays, new Map(Object.entries(named)));
  });
});
const oneStep = { epochs: 1, batchSize: 40, warmupEpochs: 0 };
const vitMae = { name: "vit_mae", decoderDim: 8, decoderDepth: 1, decoderHeads: 2 };
const byGrams = {
  model: { name: "redunet", layers: 2 },
  data: { name: "few-grey" },
  method: { strategy: "redunet" },
};
const shiftedImages = { name: "few", form: "translation", perClass: 3, testPerClass: 2 };
const turnedImages = {
  name: "few-grey",
  form: "rotation",
  perClass: 3,
  testPerClass: 2,
  radii: 3,
  angles: 8,
};

/** Keys without an effect on what a run computes, or whose effect this machine does not show, and why. */
const UNSEEN: Readonly<Record<string, string>> = {
  name: "names the run's folder",
  about: "is for people",
  "method.name": "is the method itself",
  "data.name": "is other data",
  "data.damaged": "is for images that cannot be read",
  "train.device": "is where the same is computed",
  "train.graph": "is how fast the same is computed",
  "data.resident": "is where the same images lie",
  "train.threads": "is how fast the same is computed",
  "train.deterministic": "chooses among operators of a GPU",
  "train.shardOptimizer": "is where the same moments are kept",
  "redunet method.stride": "a ReduNet of shifts classifies all shifts of a sample alike",
};

/** What a key needs beside it to have an effect, by method and key, or by key. */
const WITH: Readonly<Record<string, Tree>> = {
  "train.keep": { train: { checkpointEvery: 1 } },
  "supervised train.momentum": { train: { optimizer: "sgd" } },
  "supervised train.optimizer": { train: { weightDecay: 0.1 } },
  "supervised model.compression": { model: { residual: "convex" } },
  "supervised model.headSteps": { model: { tiedOutput: true } },
  "dino model.compression": { model: { residual: "convex" } },
  "dino model.headSteps": { model: { tiedOutput: true } },
  "supervised model.width": { model: { name: "resnet" } },
  "supervised model.blocks": { model: { name: "resnet" } },
  "supervised model.stride": { model: { name: "resnet" } },
  "probe model.compression": { model: { residual: "convex" } },
  "probe model.headSteps": { model: { tiedOutput: true } },
  "probe model.width": { model: { name: "resnet" } },
  "probe model.blocks": { model: { name: "resnet" } },
  "probe model.stride": { model: { name: "resnet" } },
  "supervised method.initKey": { method: { init: parts, initKey: "first" } },
  "probe method.initKey": { method: { init: parts, initKey: "first" } },
  "language data.dir": { data: { name: "text:words.txt", dir: texts[0] } },
  "language data.tokens": { data: { tokenizer: "bpe", tokens: 256 } },
  "language data.file": { data: { tokenizer: "file", file: tokenizers[0] } },
  "language model.headSteps": { model: { tiedOutput: true } },
  "language method.masked": { model: { name: "bert" } },
  "cpp data.dir": { data: { name: `run:${encoder}` } },
  "cpp data.key": { data: { name: `features:${arrays}`, key: "first", labels: "y" } },
  "cpp data.labels": { data: { name: `features:${arrays}`, key: "first", labels: "y" } },
  "mae model.name": { model: vitMae },
  "mae model.decoderDim": { model: vitMae },
  "mae model.decoderDepth": { model: vitMae },
  "mae model.decoderHeads": { model: vitMae },
  "mae model.qkvBias": { model: vitMae },
  "dino method.temperatureEpochs": { method: { firstTemperature: 0.02 } },
  "dino method.firstTemperature": { method: { temperatureEpochs: 1 } },
  "dino method.alignment": { method: { objective: "simdino" } },
  "dino method.epsilon": { method: { objective: "simdino" } },
  "dino method.spread": { method: { objective: "simdino" } },
  "mcr2 model.imageSize": {
    model: { name: "resnet10mnist", imageSize: 8 },
    train: { epochs: 1, batchSize: 40 },
  },
  "mcr2 model.hidden": {
    model: { name: "nmce", imageSize: 8, hidden: 8 },
    train: { epochs: 1, batchSize: 40 },
  },
  "mcr2 data.corruptionScheme": { data: { corruption: 0.5 } },
  "mcr2 method.classes": { method: { views: 5 } },
  "mcr2 method.views": { method: { classes: "views", views: 5 } },
  "mcr2 method.changes": { method: { classes: "views", views: 5 } },
  "tcr model.imageSize": {
    model: { name: "resnet10mnist", imageSize: 8 },
    train: oneStep,
  },
  "tcr model.hidden": { model: { name: "nmce", imageSize: 8, hidden: 8 }, train: oneStep },
  "incremental model.layers": byGrams,
  "incremental model.eta": byGrams,
  "incremental model.sharpness": { ...byGrams, model: { name: "redunet", layers: 3, eta: 2 } },
  "incremental method.memory": { method: { strategy: "icarl", memory: 8 } },
  "incremental method.epsilon": byGrams,
  "redunet model.dftNorm": { data: shiftedImages },
  "redunet model.lift": { model: { kernel: 3 }, data: shiftedImages },
  "redunet model.kernel": { model: { lift: 2, kernel: 3 }, data: shiftedImages },
  "redunet data.dir": { data: { name: "few", perClass: 3 } },
  "redunet data.workers": { data: { name: "few", perClass: 3 } },
  "redunet data.form": { data: { name: "few", perClass: 3 } },
  "redunet data.classes": { data: { name: "few", perClass: 3 } },
  "redunet data.radii": { data: turnedImages },
  "redunet data.angles": { data: turnedImages },
  "redunet method.components": { data: { name: "few", perClass: 10 }, method: { components: 1 } },
  "redunet method.shifts": { data: shiftedImages, method: { shifts: 1 } },
};

/** Values where twice or half of what there is would be out of range or too little to see. */
const VALUES: Readonly<Record<string, unknown>> = {
  "model.patch": 2,
  "data.dir": "elsewhere",
  "data.augment.randAugment": [1, 5],
  "data.validation": 0.25,
  "method.init": weights,
  "method.initKey": "second",
  "train.keep": 1,
  "train.precision": "bf16",
  "train.shards": 2,
  "train.warmupEpochs": 1,
  "language model.vocabulary": 40,
  "language data.dir": texts[1],
  "language data.tokens": 260,
  "language data.file": tokenizers[1],
  "cpp data.key": "second",
  "cpp data.labels": "y2",
  "mae model.name": "crate_mae",
  "mae model.qkvBias": false,
  "dino model.name": "vit",
  "tcr train.warmupEpochs": 2,
  "mcr2 data.corruption": 0.5,
  "incremental method.strategy": "lwf",
  "incremental model.sharpness": 1e-3,
  "redunet model.sharpness": 0.1,
  "redunet data.form": "translation",
  "redunet data.classes": [0, 1],
};

/** Other values that are refused before the first step, and what is said of them. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "model.channels": /^model\.channels: expected 3, the channels of few's images, got 1$/,
  "incremental model.name":
    /\(model\.name\): expected classifier for strategy fine-tuning, received redunet$/,
};

const of = <T>(table: Readonly<Record<string, T>>, method: string, key: string): T | undefined =>
  table[`${method} ${key}`] ?? table[key];

/** Another valid value of a key. */
function other(method: string, key: Key, now: unknown): unknown {
  const given = of(VALUES, method, key.path);
  if (given !== undefined) return given;
  if (key.kind === "boolean") return !(now ?? false);
  if (key.kind === "choice") return key.choices.find((choice) => choice !== now);
  if (key.kind === "pair") return Array.isArray(now) ? now.map((part) => part / 2) : [0.5, 0.6];
  if (key.kind === "list") return [1];
  const whole = key.expected.startsWith("a whole");
  if (typeof now !== "number") return whole ? 1 : 0.01;
  return whole ? 2 * now || 1 : now / 2 || 0.01;
}

function recipeOf(method: string, ...more: Tree[]): Recipe {
  const base = { name: "small", method: { name: method }, data: { name: `text:${texts[0]}/words.txt` } };
  return resolveRecipe([base, SMALL_RUNS[method]!, ...more].map((values) => ({ origin: "small", values })))
    .recipe;
}

/** What a run leaves behind and is told by, without its recipe: two runs that do the same have it alike. */
class Run {
  private readonly folder = mkdtempSync(join(root, "run-"));
  private found: string | undefined;

  async train(recipe: Recipe): Promise<string> {
    const { text } = await trainRun(recipe, quietly(this.folder));
    const { hashes, state } = lastCheckpoint(this.folder);
    const { seconds: _, ...position } = state;
    const checkpoints = readdirSync(join(this.folder, "checkpoints")).sort();
    return JSON.stringify([text, hashes, position, records(this.folder), checkpoints]);
  }

  async scores(): Promise<string> {
    this.found ??= JSON.stringify(await evaluateRun(this.folder, { checkpoint: "last", split: "test" }));
    return this.found;
  }
}

/** Whether a setting changes what is learned, or else what an evaluation finds. */
async function differs(base: { run: Run; trace: string }, recipe: Recipe): Promise<boolean> {
  const run = new Run();
  return (await run.train(recipe)) !== base.trace || (await run.scores()) !== (await base.run.scores());
}

test.each(methodNames())("%s", async (method) => {
  const silent: string[] = [];
  const bases = new Map<string, { run: Run; trace: string }>();
  for (const key of recipeKeys(method)) {
    if (of(UNSEEN, method, key.path) !== undefined || (key.kind === "choice" && key.choices.length === 1))
      continue;
    const beside = of(WITH, method, key.path) ?? {};
    const context = JSON.stringify(beside);
    const base = bases.get(context) ?? { run: new Run(), trace: "" };
    if (!bases.has(context)) base.trace = await base.run.train(recipeOf(method, beside));
    bases.set(context, base);
    const now = valueAt(recipeOf(method, beside), key.path);
    const changed = treeOf(key.path, other(method, key, now)) as Tree;
    const refusal = of(REFUSED, method, key.path);
    try {
      if (!(await differs(base, recipeOf(method, beside, changed)))) silent.push(key.path);
      else if (refusal !== undefined) silent.push(`${key.path}: not refused`);
    } catch (error) {
      const { message } = error as Error;
      if (!refusal?.test(message)) silent.push(`${key.path}: ${message}`);
    }
  }
  expect(silent).toEqual([]);
});

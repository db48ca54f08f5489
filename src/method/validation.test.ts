/** @file A validation split: what every method learns from and is measured on, and what a run says of its choice. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { lastCheckpoint, quietly, records, tiny } from "../../test/tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "../../test/tiny-methods.ts";
import { memory } from "../tensor/index.ts";
import { openSplit } from "./build.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { openTokens } from "./language/text.ts";
import { methodNames } from "./recipe.ts";
import { keyAt } from "./recipe-keys.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine validation-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const held = { data: { validation: 0.5 } };
/** One of each method that holds out. */
const names = ["supervised", "mcr2", "redunet", "redunet, lifted", "ctrl", "ictrl", "generative, vae", "tcr", "mae", "dino", "probe", "language"]; // biome-ignore format: short
const splits = ["train", "validation", "test"] as const;

test("every method but clustering of given features holds out", () => {
  const having = methodNames().filter((name) => keyAt("data.validation", name) !== undefined);
  expect(new Set(having)).toEqual(new Set(methodNames().filter((name) => name !== "cpp")));
  const tried = names.map((name) => TINY_METHODS[name]!.method);
  expect(new Set([...tried, "incremental"])).toEqual(new Set(having));
});

test.each(names)("%s learns without what is held out, and takes up where it stopped", async (name) => {
  const [through, stopped] = [join(root, "through"), join(root, "stopped")];
  const recipe = tinyRecipe(name, words.path, {
    ...held,
    ...(name === "tcr" && { train: { batchSize: 80 } }),
  });
  const tensors = memory().tensors;
  const whole = await trainRun(recipe, quietly(through));
  await trainRun(recipe, quietly(stopped, { maxSteps: Math.max(1, Math.floor(whole.steps / 2)) }));
  const resumed = await trainRun(recipe, quietly(stopped, { resume: "auto" }));
  expect(lastCheckpoint(stopped).hashes).toEqual(lastCheckpoint(through).hashes);
  expect([resumed.numbers, resumed.text]).toEqual([whole.numbers, whole.text]);
  const found = splits.map((split) => evaluateRun(through, { checkpoint: "last", split }));
  const scores = (await Promise.all(found)).map((score) => JSON.stringify(score));
  if (name !== "redunet") expect(new Set(scores.slice(1)).size).toBe(2); // which classifies all points
  expect(memory().tensors).toBe(tensors);
});

test("accuracies of groups were noted on the validation split alone", async () => {
  const folder = join(root, "groups");
  await trainRun(tinyRecipe("incremental, fine-tuning", words.path, held), quietly(folder));
  const { numbers } = await evaluateRun(folder, { checkpoint: "last", split: "validation" });
  expect(numbers.last).toBeGreaterThanOrEqual(0);
  await expect(evaluateRun(folder, { checkpoint: "last", split: "test" })).rejects.toThrow(
    "split test: accuracies of groups were noted while training, on the validation split; give --split validation",
  );
});

test.each(["supervised", "language"])(
  "%s without a validation split has none to be evaluated on",
  async (name) => {
    await trainRun(tinyRecipe(name, words.path), quietly(join(root, "run"), { maxSteps: 1 }));
    await expect(evaluateRun(join(root, "run"), { checkpoint: "last", split: "validation" })).rejects.toThrow(
      /^split validation: the run holds out nothing of .*; train it with --data.validation, such as 0.1$/,
    );
  },
);

test("a classifier is measured on the validation split while it trains, and chooses by it", async () => {
  const folder = join(root, "run");
  const recipe = tiny({ "data.validation": 0.2 });
  const { text, numbers } = await trainRun(recipe, quietly(folder));
  expect(text).toMatch(/^validation accuracy [\d.]+ %, loss [\d.]+, after 2 epochs$/);
  const { numbers: again } = await evaluateRun(folder, { checkpoint: "last", split: "validation" });
  expect(again).toMatchObject({ count: 130, top1: numbers.top1, loss: numbers.loss });
  const evaluations = records(folder).filter((record) => "eval/top1" in record);
  const best = Math.max(...evaluations.map((record) => record["eval/top1"] as number));
  const { numbers: ofBest } = await evaluateRun(folder, { checkpoint: "best", split: "validation" });
  expect(ofBest.top1).toBeCloseTo(best, 10);
  expect((await evaluateRun(folder, { checkpoint: "last", split: "train" })).numbers.count).toBe(510);
  expect((await evaluateRun(folder, { checkpoint: "last", split: "test" })).numbers.count).toBe(160);
});

test("the split is of the run's seed, and in its fingerprint", async () => {
  const folder = join(root, "run");
  await trainRun(tiny({ "data.validation": 0.2 }), quietly(folder, { maxSteps: 7 }));
  const fingerprint = () =>
    JSON.parse(readFileSync(join(folder, "checkpoints", lastCheckpoint(folder).name, "config.json"), "utf8"))
      .dataset.fingerprint as string;
  const before = fingerprint();
  await expect(
    trainRun(tiny({ "data.validation": 0.3 }), quietly(folder, { resume: "auto" })),
  ).rejects.toThrow("differs in data.validation, the data set's contents; give the same settings");
  await trainRun(
    tiny({ "data.validation": 0.2, seed: 7 }),
    quietly(folder, { resume: "auto", maxSteps: 8, allowConfigChange: true }),
  );
  expect(fingerprint()).not.toBe(before);
});

test("of images, splits are disjoint and training and validation are the whole", async () => {
  const recipe = tiny({ "data.validation": 0.25 });
  const whole = await openSplit(tiny(), "train");
  const images = new Map<string, string>();
  for (const split of splits) {
    const source = await openSplit(recipe, split);
    for (let i = 0; i < source.count; i++)
      images.set(Buffer.from(await source.load([i])).toString("base64"), split);
  }
  const of = (split: string) => [...images.values()].filter((value) => value === split).length;
  expect(splits.map(of)).toEqual([whole.count - 160, 160, 160]);
  for (let i = 0; i < whole.count; i++)
    expect(images.get(Buffer.from(await whole.load([i])).toString("base64"))).toMatch(/train|validation/);
});

test("a text keeps its tokenizer and its test text, and notes what is held out", () => {
  const [plain, part, other] = [{}, held, { ...held, seed: 7 }].map((more) =>
    openTokens(tinyRecipe("language", words.path, more as never) as never),
  );
  expect(part!.tokenizer.size).toBe(plain!.tokenizer.size);
  expect(part!.train.length + part!.validation!.length).toBe(plain!.train.length);
  expect(part!.test.length).toBe(plain!.test.length);
  expect(new Set([plain, part, other].map((data) => data!.fingerprint())).size).toBe(3);
});

test("a run that chooses by test data says so once, one with a validation split does not", async () => {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  const said = async (settings: object, name: string) => {
    lines.length = 0;
    await trainRun(tiny({ "train.epochs": 3, ...settings }), {
      ...quietly(join(root, name)),
      progress: "plain",
    });
    return lines.filter((line) => line.includes("chosen by test data"));
  };
  try {
    expect(await said({}, "test")).toEqual([
      "`best` is chosen by test data, as nothing is held out: its test score is a little high; --data.validation 0.1 holds out a tenth of the training data\n",
    ]);
    expect(await said({ "data.validation": 0.2 }, "validation")).toEqual([]);
    expect(await said({ "train.evalEvery": 3 }, "once")).toEqual([]);
  } finally {
    spy.mockRestore();
  }
});

/** @file Every method that trains on several processes, beside the same run on one. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { evaluateRun } from "../src/method/evaluate-run.ts";
import { methodOf } from "../src/method/registry.ts";
import { trainRun } from "../src/method/train-run.ts";
import { scope, type Tensor } from "../src/tensor/index.ts";
import { freeCheckpoint, loadCheckpoint } from "../src/train/checkpoint.ts";
import { onRanks } from "./ranks.ts";
import { lastCheckpoint, quietly, records } from "./tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "./tiny-methods.ts";
import { startTraining, trained } from "./train-ranks.ts";

const words = fewWords();
const root = mkdtempSync(join(tmpdir(), "vitrine across-"));
afterAll(() => {
  words[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

const all = Object.keys(TINY_METHODS);
const methods = await Promise.all(all.map((name) => methodOf(tinyRecipe(name, words.path))));
const names = all.filter((_, i) => methods[i]!.across === true);

/** Numbers of every step, and the largest parameter of a run's last checkpoint. */
function ending(folder: string) {
  const steps = stepsOf(folder);
  const checkpoint = loadCheckpoint(join(folder, "checkpoints"), "last")!;
  const weights = [...checkpoint.model].map(
    ([name, tensor]) => [name, [...tensor.to("float64").numbers()]] as const,
  );
  freeCheckpoint(checkpoint);
  return { steps, weights: new Map(weights) };
}

const far = (a: number, b: number): number => Math.abs(a - b) / Math.max(1e-3, Math.abs(a), Math.abs(b));

/** Every run with its learning rates changed. */
const withRates = (change: (rate: number) => number) =>
  names.map((name) => {
    const rates = Object.entries(TINY_METHODS[name]!.settings.train ?? {}).filter(([key]) =>
      /^lr$|Lr$/.test(key),
    );
    return [
      name,
      { train: Object.fromEntries(rates.map(([key, rate]) => [key, change(rate as number)])) },
    ] as const;
  });

// Rounding, which the order of a sum decides, grows from step to step by as much as a step is long.
const SLOW = withRates((rate) => rate / 100);
const EVALUATED = withRates(() => 1e-9);

beforeAll(async () => {
  await trained(startTraining(2, join(root, "two"), words.path, SLOW));
});

test("what two processes find when they evaluate is what one finds", async () => {
  for (const [name, more] of EVALUATED)
    await trainRun(tinyRecipe(name, words.path, more), quietly(join(root, "still 1", name)));
  await trained(startTraining(2, join(root, "still 2"), words.path, EVALUATED));
  for (const name of names) {
    const [one, two] = ["still 1", "still 2"].map((folder) =>
      records(join(root, folder, name)).filter((record) =>
        Object.keys(record).some((key) => /^eval/.test(key)),
      ),
    );
    expect([name, two!.length]).toEqual([name, one!.length]);
    for (const [i, record] of one!.entries())
      for (const [key, value] of Object.entries(record)) {
        const apart = far(value as number, two![i]![key] as number);
        if (typeof value === "number" && apart > 1e-4)
          expect([name, i, key, two![i]![key]]).toEqual([name, i, key, value]);
      }
  }
});

test("vitrine eval: what two processes find is what one finds", async () => {
  const folder = join(root, "two");
  Object.assign(process.env, { FOLDER: folder, RUNS: JSON.stringify(names) });
  const bodies = new URL("./evaluate-run-bodies.ts", import.meta.url);
  const ranks = await onRanks<Record<string, Record<string, number>>>(2, bodies, "runs");
  expect(ranks.map(({ left }) => left)).toEqual([{ tensors: 0 }, { tensors: 0 }]);
  for (const name of names) {
    const { numbers } = await evaluateRun(join(folder, name), { checkpoint: "last", split: "test" });
    for (const found of ranks)
      for (const [key, value] of Object.entries(numbers)) {
        // a rate reduction is the difference of two rates, and has their digits
        const apart = Math.abs(value - found[name]![key]!) / Math.max(1, Math.abs(value));
        if (apart > 1e-5) expect([name, key, found[name]![key]]).toEqual([name, key, value]);
      }
  }
});

test("supervised: two processes make, to the bit, the steps of one that accumulates two batches", async () => {
  const more = { model: { depth: 2 }, train: { optimizer: "sgd", betas: null, epochs: 5 } };
  const alone = { ...more, train: { ...more.train, batchSize: 80, accumulate: 2 } };
  await trainRun(tinyRecipe("supervised", words.path, alone as never), quietly(join(root, "accumulated")));
  await trained(startTraining(2, join(root, "bits"), words.path, [["supervised", more]]));
  const [one, two] = [join(root, "accumulated"), join(root, "bits", "supervised")].map(lastCheckpoint);
  expect(one!.state.step).toBe(20);
  expect(two!.hashes).toEqual(one!.hashes);
  expect(two!.state.step).toBe(20);
});

const stepsOf = (folder: string) =>
  records(folder).filter((record) => Object.keys(record).some((name) => name.startsWith("train/")));

const SHARED = [
  ["supervised, averaged", { train: { shardOptimizer: true } }],
  ["mae, muon", { train: { shardOptimizer: true } }],
  ["dino", { train: { shardOptimizer: true } }],
] as const;

test("train.shardOptimizer: the bits of moments that all ranks keep, on any number of processes that go on", async () => {
  await trained(startTraining(2, join(root, "shared"), words.path, SHARED));
  await trained(
    startTraining(
      2,
      join(root, "kept"),
      words.path,
      SHARED.map(([name]) => [name] as const),
    ),
  );
  for (const [name] of SHARED) {
    const [shared, kept] = ["shared", "kept"].map((folder) => {
      const { config: _, ...checkpoint } = loadCheckpoint(join(root, folder, name, "checkpoints"), "last");
      const bytes = (tensors: ReadonlyMap<string, Tensor> | undefined) =>
        [...(tensors ?? [])].map(([key, tensor]) => [key, [...tensor.numbers()]] as const).sort();
      const { model, ema, optimizer } = checkpoint;
      const found = { model: bytes(model), ema: bytes(ema), optimizer: bytes(optimizer) };
      freeCheckpoint({ ...checkpoint, config: _ });
      return found;
    });
    expect([name, shared]).toEqual([name, kept]);
  }
});

const SHARDED = [
  [
    "supervised, averaged",
    { data: { augment: { mixup: 0.4, flip: true } }, train: { accumulate: 2, shards: 4 } },
  ],
  ["mae", { train: { shards: 4 } }],
  ["language", { train: { batchSize: 8, shards: 4 } }],
] as const;

test("train.shards 4: one, two and four processes leave the same bits", async () => {
  for (const [name, more] of SHARDED)
    await trainRun(tinyRecipe(name, words.path, more as never), quietly(join(root, "shards 1", name)));
  for (const size of [2, 4])
    await trained(startTraining(size, join(root, `shards ${size}`), words.path, SHARDED));
  for (const [name] of SHARDED) {
    const [one, ...others] = [1, 2, 4].map((size) => join(root, `shards ${size}`, name));
    for (const other of others) {
      expect([name, lastCheckpoint(other).hashes]).toEqual([name, lastCheckpoint(one!).hashes]);
      expect(stepsOf(other)).toEqual(stepsOf(one!)); // evaluations add up in another order
    }
  }
});

test.each(SLOW)("%s: two processes make the steps of one", async (name, more) => {
  const alone = join(root, "one", name);
  await trainRun(tinyRecipe(name, words.path, more), quietly(alone));
  const [one, two] = scope(() => [ending(alone), ending(join(root, "two", name))]);
  expect(two.steps.length).toBe(one.steps.length);
  expect(two.steps.length).toBeGreaterThan(0);
  for (const [i, step] of one.steps.entries())
    for (const [key, value] of Object.entries(step)) {
      if (typeof value !== "number") continue;
      const apart = far(value, two.steps[i]![key] as number);
      if (apart > (i === 0 ? 1e-4 : 2e-2)) expect([i, key, two.steps[i]![key]]).toEqual([i, key, value]);
    }
  const apart = [...one.weights].flatMap(([key, values]) => {
    const other = two.weights.get(key)!;
    return values.map((value, i) => value - other[i]!);
  });
  expect(Math.sqrt(apart.reduce((sum, x) => sum + x * x, 0) / apart.length)).toBeLessThan(1e-5);
});

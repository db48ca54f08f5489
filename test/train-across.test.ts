/** @file Every method that trains on several processes, beside the same run on one. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { methodOf } from "../src/method/registry.ts";
import { trainRun } from "../src/method/train-run.ts";
import { scope } from "../src/tensor/index.ts";
import { freeCheckpoint, loadCheckpoint } from "../src/train/checkpoint.ts";
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

beforeAll(async () => {
  const runs = names.map((name) => [name] as const);
  await trained(startTraining(2, join(root, "two"), words.path, runs));
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

test.each(names)("%s: two processes make the steps of one", async (name) => {
  const alone = join(root, "one", name);
  await trainRun(tinyRecipe(name, words.path), quietly(alone));
  const [one, two] = scope(() => [ending(alone), ending(join(root, "two", name))]);
  expect(two.steps.length).toBe(one.steps.length);
  expect(two.steps.length).toBeGreaterThan(0);
  // rounding, which the order of a sum decides, grows from step to step where a batch is normalised by itself
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
  expect(Math.sqrt(apart.reduce((sum, x) => sum + x * x, 0) / apart.length)).toBeLessThan(1e-3);
});

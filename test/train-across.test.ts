/** @file Every method that trains on several processes, beside the same run on one. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { methodOf } from "../src/method/registry.ts";
import { trainRun } from "../src/method/train-run.ts";
import { scope } from "../src/tensor/index.ts";
import { freeCheckpoint, loadCheckpoint } from "../src/train/checkpoint.ts";
import { quietly, records } from "./tiny.ts";
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
  const steps = records(folder).filter(
    (record) => "train/loss" in record || "train/encoderObjective" in record,
  );
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
  for (const [key, values] of one.weights)
    for (const [i, value] of values.entries()) {
      const other = two.weights.get(key)![i]!;
      if (Math.abs(value - other) > 1e-3) expect([key, other]).toEqual([key, value]);
    }
});

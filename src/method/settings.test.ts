/** @file No setting without effect: every key of a method, set to another value, changes what a tiny run does. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { lastCheckpoint, quietly, records } from "../../test/tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "../../test/tiny-methods.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { type Recipe, treeOf, valueAt } from "./recipe.ts";
import { type Key, recipeKeys } from "./recipe-keys.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine settings-"));
});
afterEach(() => rmSync(root, { recursive: true }));

type Tree = Record<string, Record<string, unknown>>;

/** Keys whose effect no tiny run on one machine shows, and why. */
const UNSEEN: Readonly<Record<string, string>> = {
  name: "names the run's folder",
  about: "is for people",
  "method.name": "is the method itself",
  "data.name": "is other data",
  "data.tokens": "is of tokenizers that are trained",
  "model.name": "sizes are given, so that the next name is the same network",
  "model.channels": "has to be that of the data",
  "method.masked": "is asked of BERT alone",
  "data.dir": "is where the data lie",
  "data.workers": "decodes the same pixels in other threads",
  "data.key": "needs a file of features",
  "data.labels": "needs a file of features",
  "data.file": "needs a file of a tokenizer",
  "data.normalise": "synthetic images have their own constants alone",
  "method.init": "needs weights to begin from",
  "method.initKey": "needs weights to begin from",
  "train.device": "is where the same is computed",
  "train.threads": "is how fast the same is computed",
  "train.deterministic": "chooses among operators of a GPU",
};

/** What a key needs beside it to have an effect, by method and key. */
const WITH: Readonly<Record<string, Tree>> = {
  "supervised train.momentum": { train: { optimizer: "sgd" } },
  "supervised train.per": { train: { warmupEpochs: 1 } },
  "train.keep": { train: { checkpointEvery: 1 } },
  "supervised train.optimizer": { train: { weightDecay: 0.1 } },
};

/** Values where twice or half of what there is would be out of range or too little to see. */
const VALUES: Readonly<Record<string, unknown>> = {
  "data.augment.randAugment": [1, 5],
  "model.patch": 2,
  "model.vocabulary": 40,
  "train.keep": 1,
  "train.leastLr": 1e-4,
  "train.warmupEpochs": 1,
};

/** Another valid value of a key. */
function other(key: Key, now: unknown): unknown {
  if (key.path in VALUES) return VALUES[key.path];
  if (key.kind === "boolean") return !(now ?? false);
  if (key.kind === "choice") return key.choices.find((choice) => choice !== now);
  if (key.kind === "pair") return Array.isArray(now) ? now.map((part) => part / 2) : [0.5, 0.6];
  if (key.kind === "list") return [1];
  if (key.kind !== "number") return undefined;
  if (typeof now !== "number") return key.expected.startsWith("a whole") ? 1 : 0.01;
  return key.expected.startsWith("a whole") ? 2 * now || 1 : now / 2 || 0.01;
}

/** What a run leaves behind and is told by, without its recipe: two runs that do the same have it alike. */
async function traces(recipe: Recipe, folder: string): Promise<string> {
  const result = await trainRun(recipe, quietly(folder));
  const { hashes, state } = lastCheckpoint(folder);
  const { seconds: _, ...position } = state;
  const scores = await evaluateRun(folder, { checkpoint: "last", split: "test" });
  const checkpoints = readdirSync(join(folder, "checkpoints")).sort();
  return JSON.stringify([result.text, hashes, position, records(folder), checkpoints, scores]);
}

/** Methods whose runs are quick. */
const QUICK = ["supervised", "language", "probe"];

test.each(QUICK)(
  "%s",
  async (name) => {
    const { method, settings } = TINY_METHODS[name]!;
    const silent: string[] = [];
    const base = new Map<string, string>();
    for (const key of recipeKeys(method)) {
      if (key.path in UNSEEN) continue;
      const beside = WITH[`${method} ${key.path}`] ?? WITH[key.path] ?? {};
      const context = JSON.stringify(beside);
      const run = (more: Tree, folder: string) => {
        const merged: Tree = structuredClone(beside);
        for (const [section, values] of Object.entries(more))
          merged[section] = typeof values === "object" ? { ...merged[section], ...values } : values;
        return traces(tinyRecipe(name, words.path, merged), join(root, folder));
      };
      if (!base.has(context)) base.set(context, await run({}, `base ${base.size}`));
      const now = valueAt(tinyRecipe(name, words.path, beside), key.path) ?? valueAt(settings, key.path);
      const changed = treeOf(key.path, other(key, now)) as Tree;
      const refused = (error: Error) => void silent.push(`${key.path}: ${error.message}`);
      const found = await Promise.resolve(changed)
        .then((tree) => run(tree, key.path))
        .catch(refused);
      if (found === base.get(context)) silent.push(key.path);
    }
    expect(silent).toEqual([]);
  },
  300_000,
);

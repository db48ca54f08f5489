/** @file Going on that fails, in every method: one line, nothing trained, no tensor left alive. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { lastCheckpoint, quietly } from "../../test/tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "../../test/tiny-methods.ts";
import { CheckpointError, UsageError } from "../base/errors.ts";
import { memory, scope, type Tensor, zeros } from "../tensor/index.ts";
import { loadCheckpoint, type Snapshot, saveCheckpoint } from "../train/checkpoint.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine failed-"));
});
afterEach(() => rmSync(root, { recursive: true }));

type Change = (snapshot: Snapshot) => Partial<Snapshot>;

const without =
  (part: "model" | "optimizer", which: 0 | -1): Change =>
  (snapshot) => {
    const tensors = new Map<string, Tensor>(snapshot[part]);
    tensors.delete([...tensors.keys()].at(which)!);
    return { [part]: tensors };
  };

/** Layers that are built, and a head that keeps its moments beside its weights, have none. */
const hasMoments = (folder: string): boolean =>
  scope(() => loadCheckpoint(join(folder, "checkpoints"), "last").optimizer.size > 0);

const otherShape: Change = ({ model }) => {
  const name = [...model.keys()].at(-1)!;
  return { model: new Map([...model, [name, zeros([7, 7, 7])]]) };
};

const otherData: Change = ({ config }) => {
  const { dataset, ...rest } = config as { dataset: object };
  return { config: { ...rest, dataset: { ...dataset, fingerprint: "another" } } };
};

const CHANGES: [what: string, change: Change, error: typeof UsageError | typeof CheckpointError][] = [
  ["the model's first tensor is missing", without("model", 0), CheckpointError],
  ["the model's last tensor is missing", without("model", -1), CheckpointError],
  ["a moment is missing", without("optimizer", -1), CheckpointError],
  ["a tensor has another shape", otherShape, CheckpointError],
  ["the data has changed", otherData, UsageError],
];

/** One run of each method. */
const names = new Map(Object.entries(TINY_METHODS).map(([name, { method }]) => [method, name]));

test.each([...names.values()])("%s", async (name) => {
  const whole = join(root, "whole");
  const recipe = tinyRecipe(name, words.path);
  await trainRun(recipe, quietly(whole, { maxSteps: 2 }));
  const alive = memory().tensors;

  const refused = async (what: string, settings = {}, prepare: (folder: string) => void = () => {}) => {
    const folder = join(root, what);
    cpSync(whole, folder, { recursive: true });
    prepare(folder);
    const before = lastCheckpoint(folder);
    const given = tinyRecipe(name, words.path, settings);
    const error = await trainRun(given, quietly(folder, { resume: "last" })).catch(
      (thrown: unknown) => thrown,
    );
    expect([what, lastCheckpoint(folder), memory().tensors]).toEqual([what, before, alive]);
    return error;
  };

  for (const [what, change, kind] of CHANGES) {
    const changed = (folder: string) =>
      scope(() => {
        const saved = loadCheckpoint(join(folder, "checkpoints"), "last");
        const { config, model, optimizer, state } = { ...saved, ...change(saved) };
        const snapshot = { config, model, optimizer, state };
        saveCheckpoint(join(folder, "checkpoints"), 2, snapshot, { keep: 3, best: false });
      });
    if (what.includes("moment") && !hasMoments(whole)) continue;
    expect([what, await refused(what, {}, changed)]).toEqual([what, expect.any(kind)]);
  }
  expect(await refused("another seed", { seed: 7 })).toBeInstanceOf(UsageError);
  const damaged = await refused("damaged", {}, (folder) => {
    const path = join(folder, "checkpoints", lastCheckpoint(folder).name, "model.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
  });
  expect(damaged).toBeInstanceOf(CheckpointError);
});

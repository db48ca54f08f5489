/** @file What ends a run at once, in one line, with nothing lost. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quietly, records, type Settings, tiny } from "../../test/tiny.ts";
import { DiskError, NotFiniteError, UsageError } from "../base/errors.ts";
import { native, scope } from "../tensor/index.ts";
import { loadCheckpoint, saveCheckpoint } from "../train/checkpoint.ts";
import { lockRun } from "../train/run-lock.ts";
import { trainRun } from "./train-run.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine refused-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const train = (settings: Settings = {}, more = {}) => trainRun(tiny(settings), quietly(folder, more));
/** A rate far beyond what a recipe may say. */
const wild = (settings: Settings = {}) => {
  const recipe = tiny(settings);
  return { ...recipe, train: { ...recipe.train, lr: 1e30 } };
};
const errorOf = (run: Promise<unknown>) =>
  run.then(
    () => expect.unreachable("the run ended well"),
    (error: Error) => error,
  );
const failure = (settings: Settings, more = {}) => errorOf(train(settings, more));
const run = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(run(name), "utf8");

test("when numbers are no longer finite, with step and layer named, and the best is untouched", async () => {
  await train({}, { maxSteps: 10 });
  const kept = readdirSync(run("checkpoints")).sort();
  const best = read("checkpoints/best");
  const recipe = wild({ "train.schedule": "constant" });
  const error = await errorOf(trainRun(recipe, quietly(folder, { resume: "auto", allowConfigChange: true })));
  expect(error).toBeInstanceOf(NotFiniteError);
  expect(error.message).toMatch(
    /^(loss|gradient norm) is (NaN|Infinity) at step 1[12] \(epoch 2, batch [12]\), first in the (output|gradient) of [\w.]+; lower the learning rate or look at the data$/,
  );
  expect((error as NotFiniteError).exitCode).toBe(5);
  expect(readdirSync(run("checkpoints")).sort()).toEqual(kept);
  expect(read("checkpoints/best")).toBe(best);
});

test.skipIf(native().versions().cuda)(
  "without CUDA, and leaves nothing (skipped where it is there)",
  async () => {
    const error = await failure({ "train.device": "cuda" });
    expect(error).toBeInstanceOf(UsageError);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("when the folder cannot be written, before data is opened", async () => {
  writeFileSync(run("file"), "");
  const recipe = tiny({ "data.name": "folder:/nowhere" });
  await expect(trainRun(recipe, quietly(run("file/run")))).rejects.toThrow(DiskError);
});

test("while another run has the folder, and frees it however it ends", async () => {
  const lock = lockRun(folder);
  const error = await failure({});
  expect(error.message).toMatch(
    / is in use by this process, \d+; wait for it to end, or use another folder$/,
  );
  expect(existsSync(run("recipe.json"))).toBe(false);
  lock.release();
  await failure({ "train.batchSize": 641 });
  expect(readdirSync(folder)).toEqual([]);
  await expect(trainRun(wild(), quietly(folder))).rejects.toThrow(NotFiniteError);
  lockRun(folder).release();
});

test("left-overs of a save that was cut short are removed", async () => {
  await train({}, { maxSteps: 1 });
  writeFileSync(run("checkpoints/last.tmp-123"), "");
  await train({}, { maxSteps: 1, resume: "auto" });
  expect(readdirSync(run("checkpoints")).sort()).toEqual(["best", "last", "step-00000001"]);
});

test("a damaged checkpoint is passed over for the one before it", async () => {
  await train({ "train.checkpointEvery": 2 }, { maxSteps: 5 });
  const path = run("checkpoints/step-00000005/model.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(train({ "train.checkpointEvery": 2 }, { resume: "last" })).rejects.toThrow("is damaged");
  const { steps } = await train({ "train.checkpointEvery": 2 }, { resume: "auto", maxSteps: 6 });
  expect(steps).toBe(6);
  expect(records(folder).flatMap((line) => ("lr" in line ? [line.step] : []))).toEqual([1, 2, 3, 4, 5, 6]);
});

test("weights that are not finite are never the best, whatever their accuracy", async () => {
  await train({}, { maxSteps: 1 });
  scope(() => {
    const { config, model, optimizer, state } = loadCheckpoint(run("checkpoints"), "last");
    model.get("mlp_head.1.bias")!.mul_(Number.NaN);
    const snapshot = { config, model, optimizer, state };
    expect(() => saveCheckpoint(run("checkpoints"), 2, snapshot, { keep: 3, best: true })).toThrow(
      NotFiniteError,
    );
  });
  expect(read("checkpoints/best")).toBe("step-00000001\n");
});

test.each(["recipe.json", "metrics.jsonl", "summary.csv", "checkpoints", "checkpoints/last"])(
  "a link in the place of %s is refused before the first step, and what it leads to is as it was",
  async (name) => {
    const elsewhere = mkdtempSync(join(tmpdir(), "vitrine elsewhere-"));
    try {
      const target = join(elsewhere, "target");
      if (name === "checkpoints") mkdirSync(target);
      else writeFileSync(target, "");
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      symlinkSync(target, join(folder, name));
      const failed = trainRun(tiny(), quietly(folder));
      await expect(failed).rejects.toThrow(DiskError);
      await expect(failed).rejects.toThrow(/it is a symbolic link; remove it/);
      expect(
        name === "checkpoints" ? readdirSync(target) : [readFileSync(target, "utf8")].filter(Boolean),
      ).toEqual([]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  },
);

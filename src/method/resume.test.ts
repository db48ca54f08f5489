/** @file A run that is stopped and taken up again is, to the bit, the run that was not. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { said } from "../../test/said.ts";
import { lastCheckpoint, quietly, records, type Settings, tiny } from "../../test/tiny.ts";
import { CheckpointError, UsageError } from "../base/errors.ts";
import { scope } from "../tensor/index.ts";
import { loadCheckpoint, saveCheckpoint } from "../train/checkpoint.ts";
import { resolveRecipe } from "./recipe.ts";
import { loadRun } from "./supervised/load.ts";
import { trainRun } from "./train-run.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine resume-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** All that must be the same of two runs. The best may differ: each stop by maxSteps ends with an evaluation of its own. */
function ending(folder: string) {
  const { state, ...checkpoint } = lastCheckpoint(folder);
  const { seconds: _s, best: _b, ...place } = state;
  const lines = records(folder);
  const train = lines.filter((record) => "train/loss" in record || "summary" in record);
  return { checkpoint, place, train, summary: readFileSync(join(folder, "summary.csv"), "utf8") };
}

const CASES: [what: string, settings: Settings, stops: number[]][] = [
  ["AdamW", { "train.weightDecay": 0.05 }, [1, 10, 13]],
  [
    "Adam, L2, clipped",
    { "train.optimizer": "adam", "train.weightDecay": 0.1, "train.clipGrad": 0.5 },
    [4, 15],
  ],
  ["Lion, averaged", { "train.optimizer": "lion", "train.lr": 1e-3, "train.ema": 0.9 }, [10, 12]],
  [
    "SGD with momentum, three batches a step",
    { "train.optimizer": "sgd", "train.momentum": 0.9, "train.accumulate": 3 },
    [2, 7],
  ],
  [
    "all augmentation but the resized crop, two batches a step, a schedule by epochs",
    {
      "data.augment": { crop: 1, flip: true, mixup: 0.4, erase: 0.5 },
      "train.accumulate": 2,
      "train.per": "epoch",
      "train.warmupEpochs": 1,
    },
    [3, 8],
  ],
  ["a resized crop, bf16", { "data.augment": { resizedCrop: [0.3, 1] }, "train.precision": "bf16" }, [6, 11]],
  ["ViT, deterministic", { "model.name": "vit", "train.deterministic": true }, [9]],
];

test.each(CASES)("%s", async (_, settings, stops) => {
  const [through, stopped] = [join(root, "through"), join(root, "stopped")];
  const recipe = tiny(settings);
  await trainRun(recipe, quietly(through));
  for (const maxSteps of stops) {
    const { steps } = await trainRun(recipe, quietly(stopped, { resume: "auto", maxSteps }));
    expect(steps).toBe(maxSteps);
  }
  await trainRun(recipe, quietly(stopped, { resume: "auto" }));
  expect(ending(stopped)).toEqual(ending(through));
});

test("a crash between two checkpoints: later records and rows are taken again", async () => {
  const [through, crashed] = [join(root, "through"), join(root, "crashed")];
  const recipe = tiny({ "train.checkpointEvery": 4 });
  await trainRun(recipe, quietly(through));
  cpSync(through, crashed, { recursive: true });
  // as if the process had died after its last step: the last good checkpoint is that of step 16
  rmSync(join(crashed, "checkpoints", "step-00000020"), { recursive: true });
  await trainRun(recipe, quietly(crashed, { resume: "auto" }));
  expect(ending(crashed)).toEqual(ending(through));
  expect(records(crashed)).toEqual(records(through));
});

test("a run that died before its first checkpoint starts afresh", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder));
  const whole = ending(folder);
  rmSync(join(folder, "checkpoints"), { recursive: true });
  await trainRun(tiny(), quietly(folder, { resume: "auto" }));
  expect(ending(folder)).toEqual(whole);
});

test("a finished run is not changed by going on", async () => {
  const folder = join(root, "run");
  const first = await trainRun(tiny(), quietly(folder));
  const before = [ending(folder), records(folder)];
  const second = await trainRun(tiny(), quietly(folder, { resume: "auto" }));
  expect([ending(folder), records(folder)]).toEqual(before);
  expect(second).toMatchObject({ steps: 20, numbers: first.numbers });
});

test("the best is found again where a crash came before its pointer; another run's checkpoint is the first of this one", async () => {
  const folder = join(root, "run");
  const pointer = join(folder, "checkpoints", "best");
  await trainRun(tiny({ "train.checkpointEvery": 10 }), quietly(folder));
  const best = readFileSync(pointer, "utf8");
  rmSync(pointer);
  await trainRun(tiny({ "train.checkpointEvery": 10 }), quietly(folder, { resume: "auto" }));
  expect(readFileSync(pointer, "utf8")).toBe(best);

  const branch = join(root, "branch");
  const resume = join(folder, "checkpoints", "step-00000010");
  await trainRun(tiny(), quietly(branch, { resume, maxSteps: 10 }));
  expect(lastCheckpoint(branch).state).toMatchObject({ step: 10 });
  expect(readFileSync(join(branch, "checkpoints", "best"), "utf8")).toBe("step-00000010\n");
});

test("an average that is asked for later begins from the weights of then", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder, { maxSteps: 5 }));
  const more = { resume: "auto", allowConfigChange: true, maxSteps: 6 };
  await trainRun(tiny({ "train.ema": 0.999999 }), quietly(folder, more));
  using averaged = loadRun(folder, "last").model;
  using weights = loadRun(folder, "step-00000005").model;
  const [a, b] = [averaged, weights].map((model) =>
    model.namedParameters().get("mlp_head.1.weight")!.numbers(),
  );
  a!.forEach((value, i) => {
    expect(value).toBeCloseTo(b![i]!, 5);
  });
});

const refusal = (settings: Settings, more = {}) =>
  trainRun(tiny(settings), quietly(join(root, "run"), { resume: "auto", ...more })).catch(
    (error: unknown) => error as Error,
  ) as Promise<Error>;

test("other settings are refused with their names, unless that is allowed; harmless ones are not", async () => {
  await trainRun(tiny(), quietly(join(root, "run"), { maxSteps: 2 }));
  const error = await refusal({ "train.lr": 0.02, "data.augment": { flip: true }, seed: 7 });
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toMatch(
    /differs in data\.augment\.flip, train\.lr, seed; give the same settings, or --allow-config-change$/,
  );
  const free = { "train.keep": 1, "train.checkpointEvery": 2, "train.logInterval": 5, "data.workers": 0 };
  expect(await refusal(free, { maxSteps: 3 })).toMatchObject({ steps: 3 });
  expect(await refusal({ "train.lr": 0.02 }, { maxSteps: 4, allowConfigChange: true })).toMatchObject({
    steps: 4,
  });
});

test("a setting that came later has its default in an older run", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder, { maxSteps: 2 }));
  scope(() => {
    const { config, model, optimizer, state } = loadCheckpoint(join(folder, "checkpoints"), "last");
    const { sparsify: _, ...older } = (config as { model: Record<string, unknown> }).model;
    const snapshot = { config: { ...config, model: older }, model, optimizer, state };
    saveCheckpoint(join(folder, "checkpoints"), 2, snapshot, { keep: 3, best: false });
  });
  expect(await refusal({ "model.sparsify": "majorise" })).toMatchObject({
    message: expect.stringContaining("differs in model.sparsify"),
  });
  expect(await refusal({}, { maxSteps: 3 })).toMatchObject({ steps: 3 });
});

test("what is allowed to change is said, and how the learning rate goes on", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder));
  const longer = quietly(folder, { resume: "auto", allowConfigChange: true, maxSteps: 21 });
  expect(await said(() => trainRun(tiny({ "train.epochs": 4 }), longer))).toEqual([
    "resume: by other settings than the run's: train.epochs 2 → 4",
    // cosine: ½ (1 + cos π t/T) of 0.01, at t = 19 of 20 and at t = 20 of 40
    "resume: the learning rate was 0.0000616 at step 20, and is 0.005 at step 21",
  ]);
  const same = quietly(folder, { resume: "auto", maxSteps: 22 });
  expect(await said(() => trainRun(tiny({ "train.epochs": 4 }), same))).toEqual([]);
});

test("batches change at the end of an epoch only", async () => {
  await trainRun(tiny(), quietly(join(root, "run"), { maxSteps: 4 }));
  const allowed = { allowConfigChange: true, maxSteps: 6 };
  for (const settings of [{ "train.batchSize": 32 }, { seed: 7 }])
    expect((await refusal(settings, allowed)).message).toBe(
      `resume: step-00000004 lies within an epoch, whose batches ${Object.keys(settings)[0]} changes; resume from the end of an epoch, or keep it`,
    );
  await trainRun(tiny(), quietly(join(root, "run"), { resume: "auto", maxSteps: 10 }));
  expect(await refusal({ "train.batchSize": 32 }, { ...allowed, maxSteps: 12 })).toMatchObject({ steps: 12 });
});

test("other data is refused", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder, { maxSteps: 2 }));
  // the same images under other labels would not be seen in the recipe
  const { trainOn } = await import("./supervised/run.ts");
  const { imageSource, syntheticSet } = await import("../data/index.ts");
  const train = syntheticSet({ split: "train", size: 8 });
  const other = { ...train, labels: train.labels.toReversed() };
  const test = imageSource(syntheticSet({ split: "test", size: 8 }));
  const splits = { train: imageSource(other), test, measured: "test" } as const;
  const options = { ...quietly(folder, { resume: "auto" }), device: "cpu" };
  await expect(trainOn(splits, tiny(), options)).rejects.toThrow("differs in the data set's contents; give");
});

test("another model's checkpoint is refused in one line, whatever is allowed", async () => {
  await trainRun(tiny(), quietly(join(root, "run"), { maxSteps: 2 }));
  const name = await refusal({ "model.name": "vit" }, { allowConfigChange: true });
  expect(name).toBeInstanceOf(CheckpointError);
  expect(name.message).toBe(
    "step-00000002 holds a crate, expected a vit; give the recipe that it was trained by",
  );
  const size = await refusal({ "model.dim": 32 }, { allowConfigChange: true });
  expect(size).toBeInstanceOf(CheckpointError);
  expect(size.message).toMatch(
    /^"pos_embedding": the model has \[1, 5, 32\] float32, the checkpoint \[1, 5, 16\]/,
  );
  const rule = await refusal(
    { "train.optimizer": "sgd", "train.momentum": 0.9 },
    { allowConfigChange: true },
  );
  expect(rule).toBeInstanceOf(CheckpointError);
  expect(rule.message).toMatch(/^the checkpoint has no "momentum_buffer.pos_embedding"/);
});

test("another method's checkpoint is refused, whatever is allowed", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder, { maxSteps: 2 }));
  const { name, model, data, train } = tiny();
  const values = {
    ...{ name, model, data: { name: data.name }, method: { name: "probe" } },
    train: { epochs: 1, batchSize: 64, lr: train.lr, device: "cpu" },
  };
  const { recipe } = resolveRecipe([{ origin: "test", values }]);
  await expect(
    trainRun(recipe, quietly(folder, { resume: "auto", allowConfigChange: true })),
  ).rejects.toThrow("step-00000002 is of a run by supervised, expected one by probe; give the recipe");
});

test("a recipe.json that is no JSON is told by name", async () => {
  const folder = join(root, "run");
  await trainRun(tiny(), quietly(folder, { maxSteps: 1 }));
  writeFileSync(join(folder, "recipe.json"), "{");
  expect(() => loadRun(folder, "last")).toThrow(/recipe\.json:1: /);
});

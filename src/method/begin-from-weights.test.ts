/** @file Runs that begin from given weights. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { tinyRecipe } from "../../test/tiny-methods.ts";
import { CheckpointError, saveTensors, scope, type Tensor } from "../tensor/index.ts";
import { convertWeights, readWeights, weightsFile } from "../train/weights/index.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { openModel } from "./open-model.ts";
import { resolveRecipe } from "./recipe.ts";
import { trainRun } from "./train-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine weights-"));
afterAll(() => rmSync(root, { recursive: true }));

const fixture = (name: string): string => new URL(`../../test/weights/${name}`, import.meta.url).pathname;

const first = join(root, "first");
const initial = (init: string, more: Record<string, unknown> = {}) => tiny({ "method.init": init, ...more });
const weightsAt = (folder: string): Map<string, number[]> =>
  scope(() => {
    using weights = readWeights(folder);
    return new Map([...weights.tensors].map(([name, tensor]: [string, Tensor]) => [name, tensor.numbers()]));
  });

test("a run begins from another run, from a checkpoint and from a file, and says what it took", async () => {
  await trainRun(tiny({ "train.epochs": 1 }), quietly(first));
  const trained = weightsAt(first);
  const file = join(root, "first.safetensors");
  convertWeights(first, file);
  for (const [i, init] of [first, join(first, "checkpoints", "step-00000010"), file].entries()) {
    const folder = join(root, `from-${i}`);
    // no step at all: what is saved is what it began from
    await trainRun(initial(init, { "train.lr": 1e-12 }), quietly(folder, { maxSteps: 1 }));
    const begun = weightsAt(folder);
    for (const [name, numbers] of trained)
      for (const [j, value] of begun.get(name)!.entries()) expect(value).toBeCloseTo(numbers[j]!, 5);
    const noted = JSON.parse(readFileSync(join(folder, "init.json"), "utf8"));
    expect(noted).toMatchObject({ init, missing: [], resized: [], reinitialised: [] });
  }
  const larger = join(root, "larger");
  await trainRun(initial(first, { "model.imageSize": 12 }), quietly(larger, { maxSteps: 1 }));
  expect(JSON.parse(readFileSync(join(larger, "init.json"), "utf8")).resized).toEqual(["pos_embedding"]);
});

test("a key names the part of a file to begin from, and is noted; without a file it is refused", async () => {
  const [file, folder] = [join(root, "parts.safetensors"), join(root, "from-part")];
  const both = scope(() => {
    using weights = readWeights(first);
    const named = (part: string) => [...weights.tensors].map(([name, x]) => [`${part}.${name}`, x] as const);
    saveTensors(file, new Map([...named("teacher"), ...named("student")]));
    return weights.tensors.size;
  });
  const settings = { "method.initKey": "teacher", "train.lr": 1e-12 };
  await trainRun(initial(file, settings), quietly(folder, { maxSteps: 1 }));
  const noted = JSON.parse(readFileSync(join(folder, "init.json"), "utf8"));
  expect([noted.key, noted.loaded.length, noted.missing, noted.unused]).toEqual(["teacher", both, [], []]);
  expect(() => readWeights(first, "teacher")).toThrow(`no tensor's name begins with "teacher."`);
  expect(() => readWeights(file, "tea")).toThrow(`no tensor's name begins with "tea."`);
  expect(() => tiny({ "method.initKey": "teacher" })).toThrow("method.initKey");
});

test("a run of self-distillation is opened by its teacher's encoder, which is said; a key names the student's", async () => {
  const folder = join(root, "dino");
  await trainRun(tinyRecipe("dino", ""), quietly(folder));
  const checkpoints = join(folder, "checkpoints");
  const step = readFileSync(join(checkpoints, "last"), "utf8").trim();
  for (const path of [folder, join(checkpoints, step), join(checkpoints, "last")]) {
    using weights = readWeights(path);
    expect(weights.notes).toEqual([`${path}: read teacher.backbone; --key student.backbone reads the other`]);
    using model = openModel(path).model;
    expect(model.options.dim).toBe(16);
    using student = readWeights(path, "student.backbone");
    expect([...student.tensors.keys()]).toEqual([...weights.tensors.keys()]);
  }
  using file = readWeights(weightsFile(join(checkpoints, "last")), "teacher.backbone");
  using run = readWeights(join(checkpoints, "last"));
  for (const [name, tensor] of run.tensors)
    expect(scope(() => file.tensors.get(name)!.numbers())).toEqual(scope(() => tensor.numbers()));
  expect(() => readWeights(folder, "student.backbon")).toThrow("did you mean");
});

test("settings that no shape shows must be those of the run", async () => {
  await expect(trainRun(initial(first, { "model.heads": 4 }), quietly(join(root, "heads")))).rejects.toThrow(
    `model.heads: ${first} was trained with 2, this recipe has 4; give --model.heads 2`,
  );
  await expect(
    trainRun(initial(first, { "model.lambda": 0.5 }), quietly(join(root, "threshold"))),
  ).rejects.toThrow("was trained with 0.1, this recipe has 0.5");
  // of another family the settings mean other things
  const other = initial(first, { "model.name": "crate_mae", "model.heads": 4 });
  await expect(trainRun(other, quietly(join(root, "family")))).rejects.toThrow("holds crate of width");
});

test("a damaged file to begin from is refused before anything is trained", async () => {
  const file = join(root, "broken.pth");
  writeFileSync(file, readFileSync(fixture("wrapped-zip.pth")).subarray(0, 900));
  const folder = join(root, "broken");
  await expect(trainRun(initial(file), quietly(folder))).rejects.toThrow(CheckpointError);
  expect(
    existsSync(join(folder, "metrics.jsonl")) && readFileSync(join(folder, "metrics.jsonl")).length > 0,
  ).toBe(false);
});

test("a probe leaves the network as it is and scores its features three ways", async () => {
  const folder = join(root, "probe");
  const values = {
    ...{
      name: "probe",
      model: tiny().model,
      data: { name: "synthetic" },
      method: { name: "probe", init: first },
    },
    train: { epochs: 20, batchSize: 64, lr: 6.4, threads: 1, device: "cpu" },
  };
  const { recipe } = resolveRecipe([{ origin: "test", values }]);
  await trainRun(recipe, quietly(folder));
  const [before, after] = [weightsAt(first), weightsAt(folder)];
  for (const [name, numbers] of before) expect(after.get(name)).toEqual(numbers);
  const { numbers, text } = await evaluateRun(folder, { checkpoint: "best", split: "test" });
  expect(numbers.dimension).toBe(16);
  for (const how of ["lars", "leastSquares", "knn"]) expect(numbers[how]).toBeGreaterThan(15);
  expect(text).toMatch(/^linear probes: LARS .* %, least squares .* %; 20 nearest neighbours .* %$/);
  const resumed = join(root, "resumed");
  await trainRun(recipe, quietly(resumed, { maxSteps: 5 }));
  await trainRun(recipe, quietly(resumed, { resume: "auto" }));
  expect(weightsAt(resumed)).toEqual(after);
});

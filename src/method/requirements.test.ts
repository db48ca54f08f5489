/** @file What a method cannot be trained or evaluated with is refused before the first step, in one line with the key. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { said } from "../../test/said.ts";
import { quietly } from "../../test/tiny.ts";
import { fewWords, tinyRecipe } from "../../test/tiny-methods.ts";
import { UsageError } from "../base/errors.ts";
import { imageSource, syntheticSet } from "../data/index.ts";
import { memory } from "../tensor/index.ts";
import { requireClasses, requireEachClass, requireGroups } from "./requirements.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine refused-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const batch = (size: number, key = "batchSize") => ({ train: { [key]: size } });
const alone =
  /^train\.batchSize: expected a batch of 2 or more, since batch normalisation compares the images of a batch, got 1$/;
const tooMany =
  /^train\.batchSize: \S+ has 640 images to train on, expected a batch of at most that, got 641$/;

/** 640 images to train on, 64 of each of 10 classes; 160 to test on. */
const CASES: [name: string, settings: Record<string, Record<string, unknown>>, message: RegExp][] = [
  ["supervised", { model: { name: "tost", patch: 4 }, ...batch(1) }, alone],
  ["supervised", batch(641), tooMany],
  ["mcr2", batch(1), alone],
  ["mcr2", { method: { classes: "views", views: 4 }, ...batch(4) }, alone],
  ["mcr2", batch(641), tooMany],
  [
    "mcr2",
    { method: { components: 16 } },
    /^method\.components: expected fewer than the 16 dimensions of the features, got 16$/,
  ],
  [
    "mcr2",
    { model: { features: 128 }, method: { components: 65 } },
    /^method\.components: expected at most the 64 images of class wave 0 in synthetic, got 65$/,
  ],
  [
    "mcr2",
    { method: { neighbours: 641 } },
    /^method\.neighbours: expected at most the 640 images of synthetic, got 641$/,
  ],
  ["redunet", { data: { set: 9 } }, /expected a set from 1 to 8/],
  ["redunet, lifted", { data: { classes: [3] } }, /^data: expected samples of two classes or more/],
  ["ctrl", batch(1), alone],
  ["ctrl", batch(641), tooMany],
  ["ctrl", { method: { components: 20 } }, /^method\.components: expected fewer than the 16 dimensions/],
  ["ictrl", batch(1, "firstBatchSize"), /^train\.firstBatchSize: expected a batch of 2 or more/],
  ["ictrl", batch(1), alone],
  [
    "ictrl",
    { method: { nearest: 65 } },
    /^method\.nearest: expected at most the 64 images of class wave 0 in synthetic, got 65$/,
  ],
  ["ictrl", { method: { directions: 17 } }, /^method\.directions: expected at most the 16 dimensions/],
  ["ictrl", { method: { components: 16 } }, /^method\.components: expected fewer than the 16 dimensions/],
  ["ictrl", { method: { tasks: 3 } }, /^tasks: expected a number that divides the 10 classes, got 3$/],
  ["ictrl", { method: { tasks: 1, reviews: 1 } }, /^method\.reviews: expected 0 with one group/],
  ["incremental, lwf", batch(1), alone],
  ["incremental, lwf", { method: { tasks: 4 } }, /^tasks: expected a number that divides/],
  [
    "incremental, icarl",
    { method: { memory: 9 } },
    /^method\.memory: expected room for an image of each of the 10 classes, got 9$/,
  ],
  ["incremental, a-gem", { method: { memory: 9 } }, /^method\.memory: expected room/],
  ["generative, vae", batch(1), alone],
  [
    "generative, vae",
    { method: { components: 16 } },
    /^method\.components: expected fewer than the 16 dimensions/,
  ],
  ["generative, dcgan", batch(1), alone],
  [
    "tcr",
    batch(1),
    /^train\.batchSize: expected a batch of 2 or more, since the coding rate of one image has no slope, got 1$/,
  ],
  ["tcr", { method: { components: 16 } }, /^method\.components/],
  ["tcr", { method: { neighbours: 641 } }, /^method\.neighbours/],
  ["cpp", batch(1), /^train\.batchSize: expected a batch of 2 to 120 features/],
  ["cpp", { method: { points: 2 } }, /^clusters: expected a whole number from 1 to the 2 points, got 3$/],
  ["cpp", { method: { counts: [61] } }, /^method\.counts: expected a number of clusters up to the 60 points/],
  ["mae", batch(641), tooMany],
  [
    "mae",
    { data: { name: "digits" }, method: { normalisePixels: true }, model: { patch: 1 } },
    /^method\.normalisePixels: expected false for patches of one pixel/,
  ],
  [
    "mae",
    { data: { augment: { crop: 8 } } },
    /data\.augment\.crop.*: 8 pixels of padding need an image larger than 8$/,
  ],
  ["mcr2", { data: { augment: { crop: 8 } } }, /data\.augment\.crop.*: 8 pixels of padding/],
  [
    "language, masked",
    { method: { masked: 1e-9 } },
    /method\.masked.*: 1e-9 of the 32 tokens of a batch is less than one to fill in$/,
  ],
  ["dino", batch(641), tooMany],
  [
    "simdino",
    batch(1),
    /^train\.batchSize: expected a batch of 2 or more, since the coding rate is that of the images of a batch together, got 1$/,
  ],
  ["probe", batch(641), tooMany],
  ["language", { model: { context: 1000 } }, /text\.txt, training text/],
];

test.each(CASES)("%s with %j", async (name, settings, message) => {
  const before = memory().tensors;
  let error: unknown;
  try {
    await trainRun(tinyRecipe(name, words.path, settings), quietly(folder));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toMatch(message);
  expect(readdirSync(folder)).toEqual([]);
  expect(memory().tensors).toBe(before);
});

test.each(["dino", "mae", "language"])("%s learns from batches of one", async (name) => {
  const { steps } = await trainRun(tinyRecipe(name, words.path, batch(1)), quietly(folder, { maxSteps: 1 }));
  expect(steps).toBe(1);
});

test("a set that is sorted by class is refused in its own order: the rate reduction of one class is 0", async () => {
  const root = join(folder, "images");
  for (const part of ["train/cat", "train/dog", "test/cat"]) {
    mkdirSync(join(root, part), { recursive: true });
    for (let i = 0; i < 40; i++) writeFileSync(join(root, part, `${i}.png`), ""); // never looked into
  }
  const given = (shuffle: boolean) => {
    const settings = { data: { name: `folder:${root}` }, train: { batchSize: 16, shuffle } };
    return trainRun(tinyRecipe("mcr2", words.path, settings), quietly(join(folder, "run")));
  };
  await expect(given(false)).rejects.toThrow(
    /^train\.shuffle: expected true, since 4 of the 5 batches of folder:.* in its own order have one class/,
  );
  await expect(given(true)).rejects.toThrow(/png/);
});

const set = (labels: number[]) => {
  const { images, ...rest } = syntheticSet({ split: "train", count: labels.length, classes: 3, size: 4 });
  return imageSource({ ...rest, images, labels: Int32Array.from(labels) });
};

test("requireClasses: one class has nothing to tell apart", () => {
  expect(() => requireClasses(set([1, 1, 1]))).toThrow(UsageError);
  expect(() => requireClasses(set([1, 1, 2]))).not.toThrow();
});

test("requireEachClass: a class without images is named", () => {
  expect(() => requireEachClass(set([0, 2, 2]))).toThrow(
    /expected images of each class in synthetic, got none of /,
  );
});

test("requireGroups: a group with fewer images than needed is named", () => {
  expect(() => requireGroups([[0, 1], [2]], set([0, 1, 1, 2]), 2)).toThrow(
    /expected 2 or more images of wave 2 in synthetic, got 1/,
  );
  expect(() => requireGroups([[0, 1], [2]], set([0, 1, 1, 2]), 1)).not.toThrow();
});

test.each([
  ["ctrl", { train: { batchSize: 71, steps: 1 } }, "synthetic: 640 images in batches of 71"],
  ["generative, vae", { train: { batchSize: 71, steps: 1 } }, "synthetic: 640 images in batches of 71"],
  ["ictrl", { train: { batchSize: 127 } }, "synthetic, group 2: 128 images in batches of 127"],
  ["incremental, icarl", { train: { batchSize: 319 } }, "synthetic, group 1: 320 images in batches of 319"],
] as const)("%s says which image an epoch leaves out", async (name, settings, line) => {
  const recipe = tinyRecipe(name, words.path, settings);
  const lines = await said(() => trainRun(recipe, quietly(folder, { progress: "plain", maxSteps: 1 })));
  expect(lines.filter((text) => text.startsWith(`${line} leave one over`))).toHaveLength(1);
});

/** @file Images and patches of two sides, through training, evaluation, masks, crops, and back from the run. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly } from "../../test/tiny.ts";
import { tinyRecipe } from "../../test/tiny-methods.ts";
import { classAttention } from "../measure/attention.ts";
import { noGrad, random, scope } from "../tensor/index.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { openModel } from "./open-model.ts";
import { trainRun } from "./train-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine rectangles-"));
afterAll(() => rmSync(root, { recursive: true }));

const wide = { imageSize: [8, 16], patch: [4, 8] };
const augment = { crop: 1, flip: true, randAugment: [1, 5], mixup: 0.2, erase: 0.5 };

async function trained(method: string, folder: string, more: Parameters<typeof tinyRecipe>[2]) {
  const output = join(root, folder);
  const { numbers } = await trainRun(tinyRecipe(method, "", more), quietly(output));
  expect(Object.values(numbers).every(Number.isFinite)).toBe(true);
  const again = await evaluateRun(output, { checkpoint: "last", split: "test" });
  expect(Object.keys(again.numbers).length).toBeGreaterThan(0);
  return output;
}

test.each(["crate", "crate_alpha", "aot", "tost", "vit", "crate_mae"])(
  "a %s learns from images 8 × 16 in patches 4 × 8",
  async (name) => {
    const given = { model: { name, ...wide }, data: { augment }, train: { epochs: 1 } };
    await trained("supervised", name, given);
  },
);

test("masks, resized crops and pictures have two sides too", async () => {
  const given = { model: wide, data: { augment: { resizedCrop: [0.5, 1] } }, method: { maskRatio: 0.5 } };
  await trained("mae", "mae", given);
});

test("crops of DINO have two sides, and positions are interpolated to each grid", async () => {
  await trained("dino", "dino", { model: wide, method: { localSize: [4, 16] } });
});

test("a run's model is back with its own sides, and at others; attention has its grid", async () => {
  const run = await trained("supervised", "back", { model: wide, train: { epochs: 1 } });
  const { model } = openModel(run);
  using own = model;
  expect(own.options).toMatchObject({ imageSize: [8, 16], patch: [4, 8] });
  using image = random(1).normal([3, 8, 16]);
  const { rows, columns } = classAttention({ model: own }, image, own.options.patch)!;
  expect([rows, columns]).toEqual([2, 2]);
  using other = openModel(run, { size: [12, 8] }).model;
  const logits = noGrad(() => scope(() => other.apply(random(2).normal([1, 3, 12, 8])).shape));
  expect(logits).toEqual([1, 10]);
});

/** @file Numbers that are not finite, in every method that has a learning rate: the step is named, and no best is spoilt. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { quietly } from "../../test/tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "../../test/tiny-methods.ts";
import { NotFiniteError } from "../base/errors.ts";
import { memory, scope } from "../tensor/index.ts";
import { loadCheckpoint } from "../train/checkpoint.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine wild-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each(Object.keys(TINY_METHODS).filter((name) => !name.includes("redunet")))("%s", async (name) => {
  const alive = memory().tensors;
  const longer = { ...(name === "ictrl" && { firstSteps: 6 }), ...(name === "tcr" && { warmupEpochs: 0 }) };
  const recipe = tinyRecipe(name, words.path, { train: longer });
  // more than a recipe may ask for: the loops must not rely on its bounds
  Object.assign(recipe.train, { lr: 1e30, ...(name === "ictrl" && { firstLr: 1e30 }) });
  const error = await trainRun(recipe, quietly(folder)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotFiniteError);
  expect((error as Error).message).toMatch(/ at step [1-9]\d*\b/);
  expect(memory().tensors).toBe(alive);
  if (!existsSync(join(folder, "checkpoints", "best"))) return;
  scope(() => {
    for (const [, tensor] of loadCheckpoint(join(folder, "checkpoints"), "best").model)
      expect(tensor.isFinite().all().item()).toBe(1);
  });
});

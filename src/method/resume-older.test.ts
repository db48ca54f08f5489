/** @file Checkpoints as version 0.1 saved them: gone on with to the same bits, or refused in one line. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { lastCheckpoint, quietly } from "../../test/tiny.ts";
import { fewWords, tinyRecipe } from "../../test/tiny-methods.ts";
import { CheckpointError } from "../base/errors.ts";
import { scope } from "../tensor/index.ts";
import { loadCheckpoint, saveCheckpoint } from "../train/checkpoint.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine older-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Saves the last checkpoint of a run again, with what an older version called its state in place of its parts. */
const makeOlder = (folder: string, learner: unknown) =>
  scope(() => {
    const { config, model, optimizer, state } = loadCheckpoint(join(folder, "checkpoints"), "last");
    const { step, best, seconds, milestone, evaluated, records, lr } = state as Record<string, unknown>;
    const older = { step, best, seconds, milestone, evaluated, records, lr, learner };
    const snapshot = { config, model, optimizer, state: older };
    saveCheckpoint(join(folder, "checkpoints"), step as number, snapshot, { keep: 3, best: false });
  });

async function resumed(name: string, learner: unknown) {
  const folder = join(root, "older");
  const recipe = tinyRecipe(name, words.path);
  await trainRun(recipe, quietly(folder, { maxSteps: 4 }));
  makeOlder(folder, learner);
  await trainRun(recipe, quietly(folder, { resume: "auto" }));
  return lastCheckpoint(folder).hashes;
}

/** What each saved after four steps. */
const LEARNERS: [name: string, learner: object][] = [
  ["mae", { steps: 4 }],
  ["language", { steps: 4 }],
  ["ctrl", { steps: [4, 4] }],
  ["dino", { updates: [4, 4, 1] }], // the prototypes wait an epoch
  ["probe", {}],
  ["redunet", {}],
];

test.each(LEARNERS)("%s goes on to the same bits", async (name, learner) => {
  const through = join(root, "through");
  await trainRun(tinyRecipe(name, words.path), quietly(through));
  expect(await resumed(name, learner)).toEqual(lastCheckpoint(through).hashes);
});

test.each([
  ["", 'expected the state of a learner by name, got ""'],
  [[], "expected the state of a learner by name, got []"],
  [{}, "expected the steps of 1 optimisers, got []"],
  [{ steps: [4, 4] }, "expected the steps of 1 optimisers, got [4,4]"],
  [{ steps: "" }, "expected the optimiser's number of steps in the checkpoint's state, got \"\""],
  [{ steps: -1 }, "expected the optimiser's number of steps in the checkpoint's state, got -1"],
])("a state with %j for its learner is refused", async (learner, message) => {
  const error = await resumed("mae", learner).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).toContain("take another checkpoint");
});

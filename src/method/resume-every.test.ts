/** @file Every method, stopped and taken up again, is to the bit the run that was not; one that is at its end stays as it is. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { lastCheckpoint, quietly, records } from "../../test/tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "../../test/tiny-methods.ts";
import { memory } from "../tensor/index.ts";
import { methodNames } from "./recipe.ts";
import { trainRun } from "./train-run.ts";

const words = fewWords();
afterAll(() => words[Symbol.dispose]());

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine every-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const names = Object.keys(TINY_METHODS);

/** What two runs must have alike. A run is also evaluated where `maxSteps` stop it, which may be its best. */
function ending(folder: string, stops: readonly number[]) {
  const { name, hashes, state } = lastCheckpoint(folder);
  const { seconds: _, best: __, ...place } = state;
  const isStep = (record: object) => Object.keys(record).some((key) => /^(train\/|task$|summary$)/.test(key));
  const numbers = records(folder).filter((record) => isStep(record) || !stops.includes(record.step));
  return { name, hashes, place, numbers };
}

/** Every file of a run but its lock. */
const everything = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      return [name, statSync(path).isFile() ? readFileSync(path, "latin1") : ""];
    });

test("every method is there", () => {
  expect(new Set(names.map((name) => TINY_METHODS[name]!.method))).toEqual(new Set(methodNames()));
});

test.each(names)("%s", async (name) => {
  const [through, stopped] = [join(root, "through"), join(root, "stopped")];
  const recipe = tinyRecipe(name, words.path);
  const tensors = memory().tensors;
  const whole = await trainRun(recipe, quietly(through));
  const stops = [1, Math.floor(whole.steps / 2), whole.steps - 1];
  for (const maxSteps of stops) {
    const { steps } = await trainRun(recipe, quietly(stopped, { resume: "auto", maxSteps }));
    expect(steps).toBe(maxSteps);
  }
  const resumed = await trainRun(recipe, quietly(stopped, { resume: "auto" }));
  expect(ending(stopped, stops)).toEqual(ending(through, stops));
  expect(existsSync(join(through, "summary.csv"))).toBe(true);
  expect([resumed.numbers, resumed.text]).toEqual([whole.numbers, whole.text]);

  const before = everything(through);
  const again = await trainRun(recipe, { ...quietly(through, { resume: "auto" }), tensorboard: true });
  expect(everything(through)).toEqual(before);
  expect([again.steps, again.numbers, again.text]).toEqual([whole.steps, whole.numbers, whole.text]);
  expect(whole.text).not.toMatch(/before an evaluation|NaN/);
  expect(memory().tensors).toBe(tensors);
});

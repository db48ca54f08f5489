/** @file `best` after a crash between a save and its pointer, and after going back. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { full, scope } from "../tensor/index.ts";
import { listCheckpoints, restoreBest, saveCheckpoint } from "./checkpoint.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine best-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const save = (step: number, best = false) =>
  scope(() => {
    const tensors = new Map([["weight", full([2], step)]]);
    return saveCheckpoint(
      folder,
      step,
      { config: {}, model: tensors, optimizer: tensors, state: {} },
      { keep: 9, best },
    );
  });
const point = (name: string) => writeFileSync(join(folder, "best"), `${name}\n`);
const best = () => listCheckpoints(folder).find((entry) => entry.best)?.step;

it("points at a checkpoint that was replaced by the best before the pointer moved", () => {
  const before = save(1, true);
  save(2);
  save(2, true);
  save(3);
  point(before); // as if killed between the two
  expect(restoreBest(folder, 3)).toBe(true);
  expect(best()).toBe(2);
  point("step-00000009"); // of a checkpoint that is gone
  expect([restoreBest(folder, 3), best()]).toEqual([true, 2]);
});

it("a run that goes back has the best of until then, or none", () => {
  save(1);
  save(2, true);
  save(3, true);
  expect([restoreBest(folder, 2), best()]).toEqual([true, 2]);
  expect([restoreBest(folder, 1), best()]).toEqual([false, undefined]);
  expect([restoreBest(folder, 3), best()]).toEqual([true, 3]);
});

it("what says nothing, or is damaged, is the best only where the pointer names it", () => {
  save(1, true);
  const state = join(folder, save(2, true), "trainer_state.json");
  writeFileSync(state, readFileSync(state, "utf8").replace('"step": 2', '"step": 7'));
  expect([restoreBest(folder, 2), best()]).toEqual([true, 2]);
  point("step-00000001");
  expect([restoreBest(folder, 2), best()]).toEqual([true, 1]);
});

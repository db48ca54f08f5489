/** @file What a journal says again after a run was ended, and what it does not. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { shownSteps } from "../../test/event-files.ts";
import { Journal } from "./journal.ts";
import { readMetrics } from "./metrics.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (step: number, records?: number) => new Journal(folder, { step, records, tensorboard: true });
const steps = (journal: Journal, ...numbers: number[]) => {
  for (const step of numbers) journal.write(step, { "train/loss": 1 / step });
};
/** An epoch's end, as the trainer writes it. */
const endEpoch = (journal: Journal, step: number) => {
  journal.write(step, { "eval/top1": step });
  journal.summarise(step, { epoch: step / 10 - 1, train: { loss: 1 }, eval: { top1: step } });
};
const logged = (name: string) =>
  readMetrics(join(folder, "metrics.jsonl")).flatMap((r) => (name in r ? [r.step] : []));
/** Every point that is logged is shown, once. */
const expectShown = () => {
  for (const name of ["train/loss", "eval/top1"])
    expect(shownSteps(folder).get(name) ?? []).toEqual(logged(name));
};

it("goes on after the step that a checkpoint was saved at, with its evaluation", () => {
  const first = open(0, 0);
  steps(first, 9, 10);
  endEpoch(first, 10);
  const saved = first.recordsOf(10);
  steps(first, 11, 12); // lost: the process is killed before the next save
  first.close();
  const second = open(10, saved);
  steps(second, 11);
  second.close();
  expect([saved, logged("train/loss"), logged("eval/top1")]).toEqual([3, [9, 10, 11], [10]]);
  expectShown();
});

it("says once what was said after the save of the same step", () => {
  const first = open(0, 0);
  steps(first, 9, 10);
  const saved = first.recordsOf(10);
  endEpoch(first, 10); // the process is killed before the epoch's own save
  first.close();
  const second = open(10, saved);
  endEpoch(second, 10);
  expect(second.recordsOf(10)).toBe(3);
  steps(second, 11);
  second.close();
  expect([logged("train/loss"), logged("eval/top1"), logged("summary")]).toEqual([[9, 10, 11], [10], [10]]);
  expect(readFileSync(join(folder, "summary.csv"), "utf8").split("\n")).toHaveLength(3);
  expectShown();
});

it("keeps all records of the step of a checkpoint that does not say how many there were", () => {
  const first = open(0);
  steps(first, 10);
  endEpoch(first, 10);
  first.close();
  open(10).close();
  expect([logged("train/loss"), logged("eval/top1")]).toEqual([[10], [10]]);
  expectShown();
});

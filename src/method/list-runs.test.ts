/** @file Runs of a folder in one line each: finished, running, damaged, and what is none. */

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { lockRun } from "../train/run-lock.ts";
import { listRuns } from "./list-runs.ts";
import { trainRun } from "./train-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine runs-"));
afterAll(() => rmSync(root, { recursive: true }));

test("the newest is first, with its step and result; one that runs, is new or damaged is told as such", async () => {
  const { text } = await trainRun(tiny({ "train.epochs": 1 }), quietly(join(root, "trained")));
  for (const [name, recipe] of [
    ["damaged", "{"],
    ["odd", "[1]"],
  ] as const) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "recipe.json"), recipe);
    utimesSync(join(root, name, "recipe.json"), 1, name === "odd" ? 1 : 2);
  }
  mkdirSync(join(root, "no run"));
  using _ = lockRun(join(root, "odd"));
  const [trained, damaged, odd, ...rest] = listRuns(root);
  expect(trained).toMatchObject({
    run: "trained",
    method: "supervised",
    model: "crate",
    data: "synthetic",
    step: 10,
  });
  expect(text).toContain(trained!.result);
  expect(trained).toMatchObject({ running: false, result: expect.stringContaining("test accuracy") });
  expect(damaged).toMatchObject({ run: "damaged", problem: expect.stringContaining("JSON"), step: 0 });
  expect(odd).toMatchObject({ run: "odd", running: true, method: "", result: "" });
  expect(rest).toEqual([]);
  expect(() => listRuns(join(root, "nowhere"))).toThrow("expected a folder of runs");
});

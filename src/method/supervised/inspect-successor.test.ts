/** @file A classifier of CRATE's successors by recipe: trained, evaluated, looked into. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly, records, tiny } from "../../../test/tiny.ts";
import type { ReportStack } from "../../measure/index.ts";
import { evaluateRun } from "../evaluate-run.ts";
import { trainRun } from "../train-run.ts";
import { inspectClassifier } from "./inspect.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine successors-"));
afterAll(() => rmSync(root, { recursive: true }));

const CASES = [
  ["crate_alpha", ["authorsRate", "paperRateUnit", "compressionUnit", "rateUnit", "nonZero", "code"]],
  ["aot", ["authorsRate", "paperRateUnit", "compressionUnit", "rateUnit", "nonZero"]],
  ["tost", ["authorsRate", "paperRateUnit", "compressionUnit", "rateUnit", "nonZero"]],
] as const;

test.each(CASES)("%s learns, is evaluated, and its layers are measured", async (name, measures) => {
  const folder = mkdtempSync(join(root, "run-"));
  const sizes = { "model.name": name, "model.depth": 2, "train.lr": 3e-3 };
  await trainRun(tiny(sizes), quietly(folder));
  const losses = records(folder).flatMap((record) => (record["train/loss"] as number | undefined) ?? []);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  const { numbers } = await evaluateRun(folder, { checkpoint: "last", split: "test" });
  expect(numbers.top1).toBeGreaterThan(10); // chance
  const { report, figures } = await inspectClassifier(folder, {
    checkpoint: "last",
    samples: 40,
    split: "test",
  });
  const [{ before, after }] = report.layers as [ReportStack];
  expect([before!.length, after.length]).toEqual([2, 2]);
  for (const layer of [...before!, ...after])
    for (const measure of measures) expect(layer[measure]!.mean).toEqual(expect.any(Number));
  expect(figures.every((path) => existsSync(path))).toBe(true);
});

test("what a recipe of a ToST must have is said", () => {
  expect(() => tiny({ "model.name": "tost", "model.patch": 1 })).toThrow("no power of two from 2 on");
  expect(() => tiny({ "model.name": "tost", "model.headDim": 4 })).toThrow(
    "belongs to aot, crate, crate_alpha, crate_mae",
  );
  const bare = { "model.dim": null };
  expect(() => tiny({ ...bare, "model.name": "aot" })).toThrow("expected for model aot; give it");
  expect(() => tiny({ ...bare, "model.name": "tost" })).toThrow("such as tost_tiny12");
});

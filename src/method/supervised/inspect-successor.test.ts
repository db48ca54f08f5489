/** @file A classifier of CRATE's successors by recipe: trained, evaluated, looked into. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly, records, tiny } from "../../../test/tiny.ts";
import { evaluateRun } from "../evaluate-run.ts";
import { trainRun } from "../train-run.ts";
import { inspectClassifier } from "./inspect.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine successors-"));
afterAll(() => rmSync(root, { recursive: true }));

const CASES = [
  [
    "crate_alpha",
    ["R^c", "R^c of half, unit", "compressed, unit", "R, unit", "non-zeros", "non-zeros of code"],
  ],
  ["aot", ["R^c", "R^c of half, unit", "compressed, unit", "R, unit", "non-zeros"]],
  ["tost", ["R, unit", "non-zeros"]],
] as const;

test.each(CASES)("%s learns, is evaluated, and its layers are measured", async (name, measures) => {
  const folder = mkdtempSync(join(root, "run-"));
  const sizes = { "model.name": name, "model.depth": 2, "train.lr": 3e-3 };
  await trainRun(tiny(sizes), quietly(folder));
  const losses = records(folder).flatMap((record) => (record["train/loss"] as number | undefined) ?? []);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  const { numbers } = await evaluateRun(folder, { checkpoint: "last", split: "test" });
  expect(numbers.top1).toBeGreaterThan(0.1); // chance
  const { report, figures } = await inspectClassifier(folder, {
    checkpoint: "last",
    samples: 40,
    split: "test",
  });
  const { rows } = report as { rows: Record<string, number>[] };
  expect(Object.keys(rows[0]!)).toEqual([
    "layer",
    ...measures.flatMap((measure) => [`${measure}, untrained`, `${measure}, trained`]),
  ]);
  expect(rows.flatMap((row) => Object.values(row)).every(Number.isFinite)).toBe(true);
  expect(figures.every((path) => existsSync(path))).toBe(true);
});

test("what a recipe of a ToST must have is said", () => {
  expect(() => tiny({ "model.name": "tost", "model.patch": 1 })).toThrow("no power of two from 2 on");
  expect(() => tiny({ "model.name": "tost", "model.headDim": 4 })).toThrow("must be model.dim 16 in tost");
  const bare = { "model.dim": null };
  expect(() => tiny({ ...bare, "model.name": "aot" })).toThrow("expected for model aot; give it");
  expect(() => tiny({ ...bare, "model.name": "tost" })).toThrow("such as tost_tiny12");
});

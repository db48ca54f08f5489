/** @file A file of weights gives the same form of report as a run: tensors as rows, orthogonality where there are subspaces. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readReport } from "../measure/index.ts";
import { createModel } from "../model/index.ts";
import { random, saveTensors } from "../tensor/index.ts";
import { inspectWeights } from "./inspect-weights.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-weights-"));
afterAll(() => rmSync(root, { recursive: true }));

test("a CRATE's weights are measured without data, and read back", () => {
  const file = join(root, "crate.safetensors");
  using model = createModel("crate_tiny", { depth: 12, imageSize: 16, patch: 8, classes: 3 }, random(1));
  saveTensors(file, model.stateDict());
  const report = inspectWeights(file, { output: join(root, "report") });
  expect(readReport(join(root, "report", "report.json"))).toEqual(report);
  expect(report.model).toMatchObject({ name: "crate_tiny", heads: 6, parameters: model.parameterCount() });
  expect(report.numbers.tensors).toBe(model.stateDict().size);
  expect(report.rows[0]).toMatchObject({ name: "cls_token", dtype: "float32", shape: "1 × 1 × 384" });
  const [stack] = report.layers!;
  expect(stack!.after).toHaveLength(12);
  // rows of U are uniform in ±1/√d, so that a column has squared length ⅓
  expect(stack!.after[0]!.weights!.subspaces.raw[0]).toBeGreaterThan(4);
  expect(report.notes.join()).toContain("they need data");
});

test("of other weights there are the tensors", () => {
  const file = join(root, "resnet.safetensors");
  using model = createModel("resnet10mnist", { features: 16 }, random(1), "encoder");
  saveTensors(file, model.stateDict());
  const report = inspectWeights(file);
  expect(report.layers).toBeUndefined();
  expect(report.rows).toHaveLength(model.stateDict().size);
});

/** @file Bases that a run makes orthonormal: by a penalty, nearer than without it; by construction, in what inspect finds too. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly, records, type Settings, tiny } from "../../../test/tiny.ts";
import { mssaOf, orthogonality } from "../../model/index.ts";
import { scope } from "../../tensor/index.ts";
import { openModel } from "../open-model.ts";
import { trainRun } from "../train-run.ts";
import { inspectClassifier } from "./inspect.ts";
import { loadRun } from "./load.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine orthogonal-"));
afterAll(() => rmSync(root, { recursive: true }));

async function trained(settings: Settings): Promise<string> {
  const folder = mkdtempSync(join(root, "run-"));
  await trainRun(tiny(settings), quietly(folder));
  return folder;
}
const gapOf = (folder: string): number => {
  using model = loadRun(folder, "last").model;
  return scope(() => orthogonality(mssaOf(model)).item());
};

test("a penalty adds its weight times the distance, and brings the bases nearer to orthonormal ones", async () => {
  const [without, weak, strong] = [await trained({}), await trained({ "method.orthogonal": 0.1 }), await trained({ "method.orthogonal": 3 })]; // biome-ignore format: short
  expect(gapOf(weak)).toBeLessThan(gapOf(without));
  expect(gapOf(strong)).toBeLessThan(0.8 * gapOf(without));
  const first = (folder: string) => records(folder)[0]!["train/loss"] as number;
  const [a, b] = [weak, strong].map((folder) => first(folder) - first(without)); // of the same weights
  expect(a).toBeGreaterThan(0);
  expect(b! / a!).toBeCloseTo(30, 2);
});

test("by construction: trained, looked into, and opened as weights", async () => {
  const folder = await trained({ "model.subspaces": "orthonormal" });
  const { report } = await inspectClassifier(folder, { checkpoint: "last", samples: 20, split: "test" });
  for (const layers of [report.layers![0]!.before!, report.layers![0]!.after])
    for (const { weights } of layers)
      for (const gap of weights!.subspaces.raw) expect(gap).toBeLessThan(1e-5);
  using opened = openModel(folder).model;
  using own = loadRun(folder, "best").model;
  expect([...opened.stateDict().keys()]).toEqual([...own.stateDict().keys()]);
  expect(scope(() => mssaOf(opened)[0]!.U.sub(mssaOf(own)[0]!.U).abs().max().item())).toBe(0);
});

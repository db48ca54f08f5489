/** @file A run's folder goes in; a report, figures and a table come out. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CheckpointError, UsageError } from "../base/errors.ts";
import { SEED, SIZES, stackOf, trained } from "../measure/fixture.ts";
import type { Report } from "../measure/index.ts";
import { readReport } from "../measure/index.ts";
import { resolveRecipe } from "../method/recipe.ts";
import { saveCheckpoint } from "../train/checkpoint.ts";
import { inspectRun } from "./view-run.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-inspect-"));
const run = join(folder, "first");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const { channels, classes: count, ...sizes } = SIZES;
  const { recipe } = resolveRecipe([
    {
      origin: "test",
      values: {
        name: "test",
        model: { name: "crate", ...sizes },
        data: { name: "synthetic" },
        train: { epochs: 1, batchSize: 8, lr: 0.1 },
        seed: SEED,
      },
    },
  ]);
  mkdirSync(run);
  writeFileSync(join(run, "recipe.json"), JSON.stringify(recipe));
  using model = trained("crate");
  const classes = Array.from({ length: count }, (_, c) => `wave ${c}`);
  const snapshot = {
    config: { ...recipe, dataset: { fingerprint: "", channels, classes } },
    model: model.namedParameters(),
    optimizer: new Map(),
    state: {},
  };
  saveCheckpoint(join(run, "checkpoints"), 8, snapshot, { keep: 1, best: true });
});

test("measures the checkpoint beside the weights the run began with", async () => {
  const inspection = await inspectRun(run, { checkpoint: "best", samples: 20, split: "test" });
  const report = readReport(join(run, "report.json"));
  expect(inspection.report).toEqual(report);
  expect(report).toMatchObject({
    name: "first",
    checkpoint: { name: "step-00000008", step: 8 },
    data: { name: "synthetic", split: "test", count: 160, normalise: "dataset" },
    samples: 20,
  } satisfies DeepPartial<Report>);
  // the untrained model is the recipe's: half of the entries are zero after the first layer, as §1.4 has it
  expect(Math.abs(stackOf(report).before[0]!.nonZero!.mean! - 0.49)).toBeLessThan(0.05);
  expect(inspection.table).toContain("R^c of LN(Z)U");
  for (const path of inspection.figures) expect(existsSync(path)).toBe(true);
  expect(inspection.figures[0]).toBe(join(run, "figures", "layer-rate.svg"));
});

test("writes elsewhere when asked, and takes all images where there are fewer", async () => {
  const output = join(folder, "elsewhere");
  const { report } = await inspectRun(run, {
    checkpoint: "step-00000008",
    samples: 10_000,
    split: "test",
    output,
  });
  expect(report.samples).toBe(160);
  expect(existsSync(join(output, "report.json"))).toBe(true);
});

test("a folder that is no run and a checkpoint that is not there are said so", async () => {
  const options = { checkpoint: "best", samples: 4, split: "test" as const };
  await expect(inspectRun(folder, options)).rejects.toThrow(UsageError);
  await expect(inspectRun(run, { ...options, checkpoint: "step-00000009" })).rejects.toThrow(CheckpointError);
});

type DeepPartial<T> = T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> } : T;

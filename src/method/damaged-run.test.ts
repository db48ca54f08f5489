/** @file A run whose files were cut, emptied or written by hand is refused in one line, by everything that reads it. */

import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { damages, WHOLES } from "../../test/damages.ts";
import { quietly, tiny } from "../../test/tiny.ts";
import { CheckpointError, DataError, UsageError } from "../base/errors.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { openRun, readRecipe } from "./load-run.ts";
import { trainRun } from "./train-run.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-damaged-"));
const good = join(folder, "good");
beforeAll(() => trainRun(tiny(), quietly(good, { maxSteps: 2 })));
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the run, to be damaged. */
function copy(): string {
  const run = mkdtempSync(join(folder, "run-"));
  cpSync(good, run, { recursive: true });
  return run;
}

test("a recipe.json that is none, or whose values are none", () => {
  const run = copy();
  const path = join(run, "recipe.json");
  const text = readFileSync(path, "utf8");
  const cuts = Array.from({ length: 20 }, (_, i) => text.slice(0, (i * text.length) / 21));
  for (const damaged of [...WHOLES, ...cuts]) {
    writeFileSync(path, damaged);
    expect(() => readRecipe(run), damaged).toThrow(UsageError);
  }
  let refused = 0;
  for (const damaged of damages(JSON.parse(text))) {
    writeFileSync(path, damaged);
    try {
      readRecipe(run); // what has a default may be left out
    } catch (error) {
      refused++;
      expect(error, damaged).toBeInstanceOf(UsageError);
    }
  }
  expect(refused).toBeGreaterThan(200);
});

/** Writes a file of the last checkpoint and its checksum. */
function forge(run: string, file: string, text: string): void {
  const checkpoints = join(run, "checkpoints");
  const checkpoint = join(checkpoints, readdirSync(checkpoints).find((name) => name.startsWith("step-"))!);
  writeFileSync(join(checkpoint, file), text);
  const sums = readFileSync(join(checkpoint, "SHA256SUMS"), "utf8");
  const sum = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(checkpoint, "SHA256SUMS"), sums.replace(new RegExp(`^\\w+(?=  ${file}$)`, "m"), sum));
}

const readFile = (file: string): object => {
  const checkpoints = join(good, "checkpoints");
  const name = readdirSync(checkpoints).find((entry) => entry.startsWith("step-"))!;
  return JSON.parse(readFileSync(join(checkpoints, name, file), "utf8")) as object;
};

test("a forged config.json says what data it is for, or is refused", () => {
  const run = copy();
  const { dataset, ...rest } = readFile("config.json") as { dataset: object };
  let refused = 0;
  const texts = [...damages({ dataset }, (changed) => JSON.stringify({ ...rest, ...changed })), "{}", "[]"];
  for (const text of texts) {
    forge(run, "config.json", text);
    try {
      freeCheckpoint(openRun(run, "last").checkpoint);
    } catch (error) {
      refused++;
      expect(error, text).toBeInstanceOf(CheckpointError);
    }
  }
  expect(refused).toBeGreaterThan(30);
});

test("a run with forged state goes on, or is refused as a checkpoint", async () => {
  for (const text of [
    "{}",
    "[]",
    "null",
    '{"format": 1}',
    '{"format": 1, "state": null}',
    '{"format": 1, "state": 3}',
  ]) {
    const run = copy();
    forge(run, "trainer_state.json", text);
    await expect(evaluateRun(run, { checkpoint: "last", split: "test" }), text).rejects.toThrow(
      CheckpointError,
    );
  }
});

test.each([
  "null",
  "3",
  "[]",
  "{}",
  '{"epoch": 1}',
  '{"epoch": "1", "train": {}}',
  '{"epoch": 1, "train": 3}',
])("a summary of %s in the metrics is refused, with the file", async (summary) => {
  const run = copy();
  const path = join(run, "metrics.jsonl");
  writeFileSync(path, `{"step":1,"summary":${summary}}\n${readFileSync(path, "utf8")}`);
  const going = trainRun(tiny(), quietly(run, { resume: "last", maxSteps: 3 }));
  await expect(going).rejects.toThrow(DataError);
});

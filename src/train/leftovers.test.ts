/** @file What a killed process left is told from what somebody else put there. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DiskError } from "../base/errors.ts";
import { firstStranger, removeTemporaries } from "./leftovers.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine left-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (...names: string[]) => {
  for (const name of names) writeFileSync(join(folder, name), "");
};

it("locks, temporary files and empty folders are nobody's", () => {
  mkdirSync(join(folder, "checkpoints", ".tmp-step-00000010-4711"), { recursive: true });
  put(".lock-here-4711-9", ".tmp-probe-4711", "recipe.json.tmp-4711");
  put("checkpoints/best.tmp-4711", "checkpoints/.tmp-step-00000010-4711/config.json");
  expect(firstStranger(folder)).toBeUndefined();
  put("checkpoints/notes.txt");
  expect(firstStranger(folder)).toBe(join("checkpoints", "notes.txt"));
  expect(() => firstStranger(join(folder, "none"))).toThrow(DiskError);
});

it("temporary files are removed, but for a report that another process is writing", () => {
  put("summary.csv", "summary.csv.tmp-1", "metrics.jsonl.tmp-4711", ".tmp-probe-4711", "notes.tmp");
  put(`report.json.tmp-${process.ppid}`, "report.json.tmp-4194305"); // above every number that Linux gives
  removeTemporaries(folder);
  expect(readdirSync(folder).sort()).toEqual(["notes.tmp", `report.json.tmp-${process.ppid}`, "summary.csv"]);
});

/** @file probes.jsonl: one record for each evaluation, cut to the step that a run goes on from, and a full disk is told. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Probes } from "./probes.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine probes-"));
afterAll(() => rmSync(root, { recursive: true }));

const file = join(root, "probes.jsonl");
const steps = () =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { step: number }).step);

test("a run without layers has no file; one that goes on drops what it will measure again", () => {
  new Probes(root, { step: 0, evaluated: -1 }).close();
  expect(() => readFileSync(file)).toThrow("ENOENT");
  const probes = new Probes(root, { step: 0, evaluated: -1 });
  for (const step of [10, 20, 30]) probes.write(step, { rc: [1, null] });
  probes.sync();
  probes.close();
  expect(steps()).toEqual([10, 20, 30]);
  // saved behind the evaluation of step 20: its record stays
  new Probes(root, { step: 20, evaluated: 20 }).close();
  expect(steps()).toEqual([10, 20]);
  // saved before it: it is measured again
  new Probes(root, { step: 20, evaluated: 10 }).close();
  expect(steps()).toEqual([10]);
  writeFileSync(file, `${readFileSync(file, "utf8")}{"step":20,"rc`);
  const after = new Probes(root, { step: 10, evaluated: 10 });
  after.write(20, { rc: [2] });
  after.close();
  expect(steps()).toEqual([10, 20]);
});

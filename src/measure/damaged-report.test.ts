/** @file A report that was cut, emptied or written by hand is refused with file and field, or is drawn as it is. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { damages, WHOLES } from "../../test/damages.ts";
import { DataError } from "../base/errors.ts";
import { reportFigures } from "./figures.ts";
import { sampleReport, stackOf } from "./fixture.ts";
import { readReport } from "./report.ts";
import type { Report } from "./report-schema.ts";
import { reportTable } from "./report-table.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-damaged-"));
const file = join(folder, "report.json");
afterAll(() => rmSync(folder, { recursive: true }));

/** One layer, one image, two heads of weights: every kind of field once. */
let small: Report;
beforeAll(async () => {
  const report = await sampleReport("crate", 3);
  const { before, after } = stackOf(report);
  const layer = (given: (typeof after)[number]) => ({ ...given, spectrum: given.spectrum.slice(0, 2) });
  const [image] = report.attention!;
  small = {
    ...report,
    layers: [{ name: "layers", before: [layer(before[0]!)], after: [layer(after[0]!)] }],
    attention: [{ ...image!, layers: [image!.layers[0]!.slice(0, 1)] }],
    rows: [{ class: "a", share: 0.5 }],
    notes: ["a line"],
  };
});

/** Whether it was refused. A report that is taken can be shown; drawing is slow, and of many one in ten is drawn. */
function refused(text: string, drawn = true): boolean {
  writeFileSync(file, text);
  let report: Report;
  try {
    report = readReport(file);
  } catch (error) {
    expect(error, text.slice(0, 400)).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(/^\S*report\.json: .+/);
    expect((error as DataError).path).toBe(file);
    return true;
  }
  expect(reportTable(report).length).toBeGreaterThan(0);
  if (drawn) expect(() => reportFigures(report)).not.toThrow();
  return false;
}

test("what is whole is taken", () => {
  expect(refused(JSON.stringify(small))).toBe(false);
});

test("every value of the tree once left out and once replaced", () => {
  let [all, count] = [0, 0];
  for (const text of damages(small)) if (refused(text, all++ % 10 === 0)) count++;
  expect(count).toBeGreaterThan(1000);
}, 60_000);

test("texts that are none, and a report that is cut", () => {
  const text = JSON.stringify(small);
  const cuts = Array.from({ length: 20 }, (_, i) => text.slice(0, (i * text.length) / 21));
  for (const damaged of [...WHOLES, ...cuts]) expect(refused(damaged), damaged.slice(0, 80)).toBe(true);
});

test("numbers that JSON writes but are not finite, and counts out of range, are told by field", () => {
  const text = JSON.stringify(small);
  const attempt = (changed: string) => {
    writeFileSync(file, changed);
    return () => readReport(file);
  };
  expect(attempt(text.replace(/"top1":[\d.]+/, '"top1":1e999'))).toThrow(/damaged report: numbers\.top1: /);
  expect(attempt(text.replace(/"samples":3/, '"samples":3.5'))).toThrow(/damaged report: samples: /);
  expect(attempt(text.replace(/"samples":3/, '"samples":1e300'))).toThrow(/damaged report: samples: /);
});

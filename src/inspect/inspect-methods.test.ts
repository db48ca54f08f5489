/** @file A run of every method is looked into: report.json, figures and table have the same numbers, and are read back. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { quietly } from "../../test/tiny.ts";
import { fewWords, TINY_METHODS, tinyRecipe } from "../../test/tiny-methods.ts";
import { readReport, reportTable } from "../measure/index.ts";
import { trainRun } from "../method/train-run.ts";
import { inspectRun } from "./view-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine methods-"));
const words = fewWords();
afterAll(() => {
  rmSync(root, { recursive: true });
  words[Symbol.dispose]();
});

/** What a run has that is measured layer by layer; the others say why they have none. */
const STACKS: Record<string, string[]> = {
  supervised: ["layers"],
  "supervised, averaged": ["layers"],
  mcr2: ["layers"],
  "mcr2, views": ["layers"],
  redunet: ["layers"],
  "redunet, lifted": ["layers"],
  ctrl: ["layers"],
  ictrl: ["layers"],
  "ictrl, reviewed": ["layers"],
  "generative, vae": ["layers"],
  "generative, dcgan": ["layers"],
  "generative, sngan": ["layers"],
  tcr: ["layers"],
  mae: ["encoder", "decoder"],
  "mae, averaged": ["encoder", "decoder"],
  "mae, muon": ["encoder", "decoder"],
  dino: ["layers"],
  simdino: ["layers"],
  "simdino, muon": ["layers"],
  probe: ["layers"],
  language: ["layers"],
  "language, masked": ["layers"],
  "language, muon": ["layers"],
};
const ATTENTION = ["supervised", "supervised, averaged", "mae", "mae, averaged", "mae, muon"].concat([
  "dino",
  "simdino",
  "simdino, muon",
  "probe",
]);

test.each(Object.keys(TINY_METHODS))("%s", async (name) => {
  const folder = mkdtempSync(join(root, "run-"));
  await trainRun(tinyRecipe(name, words.path), quietly(folder));
  const found = await inspectRun(folder, { checkpoint: "last", split: "test", samples: 60 });
  const report = readReport(join(folder, "report.json"));
  expect(report).toEqual(found.report);
  expect(report).toMatchObject({ kind: "inspection", version: 2, method: TINY_METHODS[name]!.method });
  expect((report.layers ?? []).map((stack) => stack.name)).toEqual(STACKS[name] ?? []);
  expect(report.attention !== undefined).toBe(ATTENTION.includes(name));
  for (const part of ["layers", "attention"] as const)
    if (report[part] === undefined) expect(report.notes.join("\n")).toMatch(new RegExp(`${part}.* left out`));
  expect(Object.keys(report.numbers).length + report.rows.length + (report.layers ?? []).length).not.toBe(0);

  const terminal = { unicode: true, colour: false, columns: 300 };
  const table = reportTable(report, terminal);
  expect(table).not.toMatch(/NaN|undefined|null/);
  for (const value of Object.values(report.numbers)) expect(table).toContain(`${Math.trunc(value!)}`);
  expect(found.figures.length).toBeGreaterThan(0);
  sharp.unblock({ operation: ["VipsForeignLoadSvg"] }); // data sets may not hold SVG
  for (const path of found.figures) {
    const svg = readFileSync(path, "utf8");
    expect(svg, path).not.toMatch(/NaN|undefined|Infinity/);
    // librsvg reads it as XML, strictly, and draws it
    expect((await sharp(Buffer.from(svg)).metadata()).width, path).toBeGreaterThan(150);
  }
});

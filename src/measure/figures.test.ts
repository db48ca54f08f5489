/** @file Figures are whole SVG files with their titles, beside their numbers. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportFigures, writeFigures } from "./figures.ts";
import { sampleReport, stackOf, withoutBefore } from "./fixture.ts";
import { someLayers } from "./layer-figures.ts";
import type { Report } from "./report-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-figures-"));
afterAll(() => rmSync(folder, { recursive: true }));
let crate: Report;
let vit: Report;
beforeAll(async () => {
  [crate, vit] = [await sampleReport("crate"), await sampleReport("vit", 1)];
});

const TITLES = {
  "layer-rate": "Coding rate R^c against the subspaces, per layer",
  "rate-parts": "Where R^c is: by layer and head, and by layer and stretch",
  "non-zeros": "Share of non-zeros after ISTA, per layer",
  "rate-of-all": "Coding rate of all tokens, and rate reduction, per layer",
  orthogonality: "Distance from orthonormality, per layer (0: orthonormal)",
  coherence: "Coherence between the subspaces of different heads, per layer (0: orthogonal)",
  "head-coherence": "How far the subspaces of two heads overlap: mean cosine of their principal angles",
  "head-output": "What a head writes, beside what is derived (1: U_k, −1: its opposite)",
  "layer-spectra": "Singular values of the tokens Z^{ℓ+1} after each layer",
  attention: "What the class token attends to in layer 2 of 3, by head",
  "attention-by-layer": "What the class token attends to, by layer (mean over heads)",
};

test("all figures are written, each with its title, its numbers and nothing undefined", async () => {
  const paths = writeFigures(crate, folder);
  expect(paths.map((path) => path.slice(folder.length + 1))).toEqual(
    Object.keys(TITLES).map((name) => `${name}.svg`),
  );
  for (const [name, title] of Object.entries(TITLES)) {
    const svg = readFileSync(join(folder, `${name}.svg`), "utf8");
    expect(svg).toContain(`<title>${title.replace("{ℓ+1}", "ℓ+1")}</title>`);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    // librsvg reads it as XML, strictly, and draws it
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    expect(Math.min(width!, height!)).toBeGreaterThan(150);
    const lines = readFileSync(join(folder, `${name}.csv`), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.length).toBeGreaterThan(2);
  }
});

test("the numbers beside a figure are the report's", () => {
  const lines = reportFigures(crate).get("non-zeros")!.csv.trimEnd().split("\n");
  const { mean, std } = stackOf(crate).after[1]!.nonZero!;
  expect(lines).toContain(`trained,2,${mean},${mean! - std!},${mean! + std!}`);
  const attention = reportFigures(crate).get("attention")!.csv.trimEnd().split("\n");
  expect(attention).toHaveLength(1 + 4 * 3 * 16);
});

test("a ViT has the figures that mean something for it, also of one sample; older ones are removed", () => {
  writeFigures(crate, folder);
  writeFigures(vit, folder);
  const left = readdirSync(folder).filter((name) => name.endsWith(".svg"));
  expect(left.sort()).toEqual(
    ["attention-by-layer", "attention", "non-zeros", "rate-of-all", "layer-spectra"]
      .map((name) => `${name}.svg`)
      .sort(),
  );
  for (const { svg } of reportFigures(vit).values()) expect(svg).not.toMatch(/NaN|undefined/);
});

test("equal reports give equal figures, also where the untrained weights are not known", () => {
  expect(reportFigures(crate)).toEqual(reportFigures(structuredClone(crate)));
  for (const { svg } of reportFigures(withoutBefore(crate)).values()) expect(svg).not.toContain("untrained");
});

test("of many layers the first, the last and some between are drawn", () => {
  expect(someLayers(12, 6)).toEqual([0, 2, 4, 7, 9, 11]);
  expect(someLayers(3, 6)).toEqual([0, 1, 2]);
  expect(someLayers(1, 5)).toEqual([0]);
});

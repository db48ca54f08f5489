import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { cat, full, scope, tensor } from "../../tensor/index.ts";
import { gridPixels, similarityFigure, spectraFigure, transcriptionPixels, writePng } from "./figures.ts";

test("a grid puts images side by side, −1 black and 1 white, and is written as it is", async () => {
  const pixels = scope(() => {
    const row = [full([1, 1, 1, 1, 1], -1), full([1, 1, 1, 1, 1], 1)];
    return gridPixels(cat(row, 1), { enlarge: 2 });
  });
  expect([pixels.width, pixels.height]).toEqual([6, 2]);
  expect([...pixels.data.subarray(0, 6)]).toEqual([0, 0, 255, 255, 255, 255]);
  const folder = mkdtempSync(join(tmpdir(), "vitrine-png-"));
  await writePng(join(folder, "grid.png"), pixels);
  const read = await sharp(join(folder, "grid.png")).greyscale().raw().toBuffer();
  expect([...read]).toEqual([...pixels.data]);
  rmSync(folder, { recursive: true });
  expect(() => scope(() => gridPixels(full([1, 1, 2, 4, 4], 0)))).toThrow("1 or 3");
});

test("originals stand above their transcriptions", () => {
  const { data, width, height } = scope(() => {
    const x = tensor([-1, -1, 0, 0]).reshape([4, 1, 1, 1]);
    return transcriptionPixels(x, x.mul(0).add(1), 2);
  });
  expect([width, height]).toEqual([6, 14]); // two rows of originals, two of transcriptions, two columns
  const row = (r: number) => data[r * 4 * width];
  expect([row(0), row(1), row(2), row(3)]).toEqual([0, 255, 128, 255]);
});

test("similarity and spectra become figures with numbers", () => {
  const similar = scope(() => similarityFigure({ values: full([250, 250], 0.5), ends: [125, 250] }, "|ZᵀẐ|"));
  expect(similar.svg).toContain("<svg");
  expect(similar.csv.split("\n").length).toBeGreaterThan(80 * 80); // blocks of 3: 83 × 83
  expect(
    spectraFigure(
      [
        [3, 1],
        [2, 1],
      ],
      "spectra",
    ).csv,
  ).toContain("class 1");
});

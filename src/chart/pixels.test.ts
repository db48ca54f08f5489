import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { cat, full, scope } from "../tensor/index.ts";
import { gridPixels, writePng } from "./pixels.ts";

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

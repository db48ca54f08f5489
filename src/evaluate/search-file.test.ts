import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeFeatures } from "../data/index.ts";
import { scope, tensor } from "../tensor/index.ts";
import { searchFile } from "./search-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-search-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("rows come by falling cosine, whatever their length, without the row itself", async () => {
  const file = join(folder, "z.npz");
  const rows = [
    [1, 0],
    [0, 1],
    [30, 30],
    [-1, 0],
  ];
  scope(() => writeFeatures(file, { features: tensor(rows) }));
  const found = await searchFile(file, 0, 10);
  expect(found.map(({ row }) => row)).toEqual([2, 1, 3]);
  expect(found[0]!.cosine).toBeCloseTo(Math.SQRT1_2, 6);
  expect(found[2]!.cosine).toBeCloseTo(-1, 6);
  expect(await searchFile(file, 3, 1)).toHaveLength(1);
  for (const row of [-1, 4, 0.5])
    await expect(searchFile(file, row, 1)).rejects.toThrow(`expected a row from 0 to 3, received ${row}`);
});

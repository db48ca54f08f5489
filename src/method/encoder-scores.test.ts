/** @file What features learned without labels are worth, in every method that learns so: the same three scores of the same three. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietly } from "../../test/tiny.ts";
import { tinyRecipe } from "../../test/tiny-methods.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { trainRun } from "./train-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine scores-"));
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["mae", {}, "encoder"],
  ["mcr2", { method: { classes: "views", views: 4 } }, "encoder"],
  ["dino", {}, "teacher"],
])(
  "%s: neighbours and linear probes of the encoder, the untrained one and pixels",
  async (name, more, learned) => {
    const folder = join(root, name);
    await trainRun(tinyRecipe(name, "", more), quietly(folder, { maxSteps: 2 }));
    const { numbers, text } = await evaluateRun(folder, { checkpoint: "last", split: "test" });
    const scores = [learned, "untrained", "pixels"].flatMap((who) =>
      ["knn", "leastSquares", "lars"].map((how) => `${who}/${how}`),
    );
    for (const score of scores) {
      expect(numbers[score], score).toBeGreaterThanOrEqual(0);
      expect(numbers[score], score).toBeLessThanOrEqual(100);
    }
    expect(text).toMatch(
      new RegExp(`^${learned}: \\d+ nearest neighbours .* %; linear probes: least squares .* %, LARS`, "m"),
    );
    expect(text).toMatch(/^untrained encoder: .*^raw pixels: /ms);
  },
);

test("mcr2 by labels has no such table: its features have seen them", async () => {
  const folder = join(root, "labels");
  await trainRun(tinyRecipe("mcr2", ""), quietly(folder, { maxSteps: 1 }));
  const { numbers } = await evaluateRun(folder, { checkpoint: "last", split: "test" });
  expect(Object.keys(numbers).filter((name) => name.includes("/"))).toEqual([]);
});

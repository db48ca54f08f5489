/** @file Every program in examples/ runs as it is and prints what its text promises. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { requireBuilt } from "./built/program.ts";
import { root } from "./markdown.ts";
import { typescript } from "./spawn.ts";

const folder = fileURLToPath(new URL("../examples/", import.meta.url));

requireBuilt();
const built = mkdtempSync(join(tmpdir(), "vitrine-examples-"));
afterAll(() => rmSync(built, { recursive: true }));

/** What a program printed, line by line, on the library as it is built. */
async function output(name: string): Promise<string[]> {
  const file = join(built, name.replace(/\.ts$/, ".mts"));
  const text = readFileSync(join(folder, name), "utf8");
  const dist = pathToFileURL(join(root, "dist/")).href;
  writeFileSync(file, text.replaceAll(/"\.\.\/src\/([\w/]+)\.ts"/g, `"${dist}$1.js"`));
  const { code, stdout, stderr } = await typescript([file]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.trim().split("\n");
}

/** The numbers of a line, thousands separators taken out. */
const numbers = (line: string): number[] =>
  [...line.matchAll(/\d[\d,]*(?:\.\d+)?/g)].map(([text]) => Number(text.replaceAll(",", "")));

const promises: Record<string, (lines: string[]) => void> = {
  "01-coding-rate.ts"([line]) {
    const [, plane, , space] = numbers(line!);
    expect(plane).toBeCloseTo(7.4, 1); // log(1 + (d/(n ε²)) · n/2), evenly in the plane
    expect(space).toBeGreaterThan(5 * plane!);
  },
  "02-rate-reduction.ts"([gains, cosines]) {
    const [before, after] = numbers(gains!);
    expect(after).toBeGreaterThan(2 * before!);
    const [apart, orthogonal] = numbers(cosines!);
    expect(apart).toBeGreaterThan(0.1);
    expect(orthogonal).toBeLessThan(0.03);
  },
  "03-crate-forward.ts"([tiny, , logits]) {
    expect(numbers(tiny!).at(-1)).toBe(6_090_856);
    expect(logits).toBe("logits: [4, 10]");
  },
  "04-train.ts"([line]) {
    expect(numbers(line!)[0]).toBeGreaterThan(90);
  },
  "05-inspect-a-layer.ts"([heading, ...rows]) {
    expect(heading).toMatch(/^layer +Rᶜ +non-zero$/);
    expect(rows.map((row) => numbers(row)[0])).toEqual([1, 2, 3, 4]);
    for (const [, rate, share] of rows.map(numbers)) {
      expect(rate).toBeGreaterThan(0);
      expect(rate).toBeLessThan(32 * Math.log(101)); // K p/2 · log(1 + 1/ε)
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(1);
    }
  },
};

test("every example has its promise here, and at most 60 lines", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  expect(names).toEqual(Object.keys(promises));
  for (const name of names)
    expect(readFileSync(join(folder, name), "utf8").split("\n").length, name).toBeLessThanOrEqual(61);
});

test.concurrent.each(Object.entries(promises))("%s keeps its promise", async (name, check) => {
  check(await output(name));
});

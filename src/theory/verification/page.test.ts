/** @file docs/theory.md and its figures are what the claims say and measure now. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../tensor/libtorch.ts";
import { claims } from "../claims.ts";
import { verifyClaims } from "../verify.ts";
import { claimFigure } from "./figure.ts";
import { theoryPage } from "./page.ts";
import { readVerification } from "./report.ts";

const folder = join(root, "docs", "theory");
const report = readVerification(join(folder, "report.json"));

test("docs/theory.md is what the report says", async () => {
  await expect(theoryPage(report, "theory/figures")).toMatchFileSnapshot("../../../docs/theory.md");
});

test("the report is of every claim at full size, as it is stated now, and none fails", () => {
  expect(report.quick).toBe(false);
  const stated = ({ name, title, source, expected }: (typeof claims)[number]) => ({
    name,
    title,
    source,
    expected,
  });
  expect(
    report.claims.map(({ name, title, source, expected }) => ({ name, title, source, expected })),
  ).toEqual(claims.map(stated));
  expect(report.claims.filter(({ passed }) => !passed)).toEqual([]);
});

test("every figure is drawn from the report", () => {
  const names = report.claims.flatMap(({ name }) => [`${name}.csv`, `${name}.svg`]);
  expect(readdirSync(join(folder, "figures")).sort()).toEqual(names.sort());
  for (const claim of report.claims) {
    const { svg, csv } = claimFigure(claim);
    expect(readFileSync(join(folder, "figures", `${claim.name}.svg`), "utf8")).toBe(svg);
    expect(readFileSync(join(folder, "figures", `${claim.name}.csv`), "utf8")).toBe(csv);
  }
});

/** Numbers of a tree by their paths. */
function numbersOf(tree: unknown, path = ""): [string, number][] {
  if (typeof tree === "number") return [[path, tree]];
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => numbersOf(value, `${path}/${key}`));
}

// long ones are left to the command: vitrine verify --output docs/theory
const short = report.claims.filter(({ seconds }) => seconds < 0.5);

describe("claims measured again give the numbers of their figures", () => {
  test.each(short.map(({ name }) => name))("%s", (name) => {
    const stored = report.claims.find((claim) => claim.name === name)!;
    const [now] = verifyClaims([name], { seed: report.seed });
    expect(now!.verdict).toBe(stored.verdict);
    const [before, after] = [numbersOf(stored.plot), new Map(numbersOf(now!.plot))];
    const wrong = before.filter(([path, value]) => {
      const again = after.get(path) ?? Number.NaN;
      // rounding errors differ between machines; nothing that a claim is about is as small
      return !(Math.abs(again - value) <= 1e-9 + 0.01 * Math.abs(value));
    });
    expect(wrong).toEqual([]);
    expect(after.size).toBe(before.length);
  });
});

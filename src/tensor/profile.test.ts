import { expect, test } from "vitest";
import { gradients, random, scope, UsageError } from "./index.ts";
import { profile } from "./profile.ts";

const row = (rows: ReturnType<typeof profile>, operator: string) =>
  rows.find((one) => one.operator === operator);

test("a profile has every operator once, with its calls and its own time, on both ways", () => {
  scope(() => {
    const a = random(0).normal([300, 300]).setRequiresGrad();
    const start = performance.now();
    const rows = profile(() => {
      for (let i = 0; i < 3; i++) scope(() => void gradients(a.matmul(a).sum(), [a]));
    });
    const wall = (performance.now() - start) / 1000;
    expect(new Set(rows.map(({ operator }) => operator)).size).toBe(rows.length);
    expect(row(rows, "aten::mm")?.calls).toBe(9); // one there, two back
    expect(row(rows, "aten::matmul")?.calls).toBe(3);
    expect(rows.some(({ operator }) => operator.endsWith("(backward)"))).toBe(true);
    const own = rows.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThanOrEqual(wall); // counted once, whoever called whom
    expect(rows.map(({ seconds }) => seconds)).toEqual(
      rows.map(({ seconds }) => seconds).sort((x, y) => y - x),
    );
  });
});

test("a profile within a profile is refused, and one of work that fails ends", () => {
  expect(() => profile(() => profile(() => {}))).toThrow(UsageError);
  expect(() =>
    profile(() => {
      throw new Error("of its own");
    }),
  ).toThrow("of its own");
  expect(profile(() => {})).toEqual([]);
});

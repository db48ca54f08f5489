/** @file The benches run and report numbers; how large these are is no test's business. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { compare, interleave, reached } from "../bench/harness.ts";
import { peerProblem } from "../bench/python.ts";
import { changeTable } from "../bench/report.ts";
import type { Side } from "../bench/side.ts";
import { median, slope, summarise } from "../bench/statistics.ts";

const run = promisify(execFile);
const entry = fileURLToPath(new URL("../bench/run.ts", import.meta.url));

async function measured(names: readonly string[]): Promise<{ what: string; ours: { median: number } }[]> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-"));
  const output = join(folder, "result.json");
  const args = ["--import", import.meta.resolve("tsx"), entry, "--quick", "--output", output, ...names];
  try {
    await run(process.execPath, args);
    return JSON.parse(readFileSync(output, "utf8")).rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("measures what needs no peer", async () => {
  const rows = await measured(["memory-flat"]);
  expect(rows.map(({ what }) => what)).toEqual(["growth of resident memory", "largest − smallest resident"]);
  for (const { ours } of rows) expect(ours.median).toSatisfy(Number.isFinite);
});

it.skipIf(peerProblem("torch") !== undefined)(
  `measures beside PyTorch (${peerProblem("torch") ?? "present"})`,
  async () => {
    const rows = await measured(["operator-call", "train-step", "coding-rate"]);
    expect(rows.length).toBeGreaterThanOrEqual(9);
    for (const { what, ours } of rows) expect(ours.median, what).toBeGreaterThan(0);
  },
  400_000,
);

it.skipIf(peerProblem("sklearn") !== undefined)(
  `measures beside scikit-learn (${peerProblem("sklearn") ?? "present"})`,
  async () => {
    const rows = await measured(["cluster"]);
    expect(rows.length).toBe(3);
    for (const { what, ours } of rows) expect(ours.median, what).toBeGreaterThan(0);
  },
);

it("refuses a name it does not know", async () => {
  await expect(
    run(process.execPath, ["--import", import.meta.resolve("tsx"), entry, "operatorcall"]),
  ).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("operator-call") });
});

it("lets the sides take turns, every second round the other way round", async () => {
  const order: string[] = [];
  const side = (name: string, seconds: number) => {
    const run = async (iterations: number) => {
      order.push(name);
      return iterations * seconds;
    };
    return { run } as unknown as Side;
  };
  const plan = { rounds: 3, iterations: 10, warmup: 1 };
  const seconds = await interleave([side("a", 1), side("b", 2)], plan);
  expect(seconds).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ]);
  expect(order.join("")).toBe("ababbaab");
});

it("summarises by medians, and holds both ratios to the goal", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(summarise([1, 2, 3, 4, 100])).toEqual({ median: 3, mad: 1 });
  expect(slope([5, 7, 9, 11])).toBe(2);
  const { ours, peer, ratio } = compare([1, 1, 4], [2, 2, 2], (seconds) => 1 / seconds);
  expect(ours.median).toBe(1);
  expect(peer.median).toBe(0.5);
  expect(ratio).toEqual({ ofMedians: 2, ofPairs: 2 });
  const row = { question: "q", what: "w", unit: "1/s", ours, peer };
  expect(reached({ ...row, ratio, goal: { of: "ratio", at: "least", value: 2 } })).toBe(true);
  expect(
    reached({ ...row, ratio: { ...ratio, ofPairs: 1.9 }, goal: { of: "ratio", at: "least", value: 2 } }),
  ).toBe(false);
  expect(reached({ ...row, goal: { of: "ours", at: "most", value: 0.5 } })).toBe(false);
  expect(reached(row)).toBeUndefined();
});

it("says which changes are larger than the spread", () => {
  const row = (value: number, mad: number) => ({
    question: "q",
    what: "w",
    unit: "s",
    ours: { median: value, mad },
  });
  expect(changeTable([row(1, 0.01)], [row(1.2, 0.01)])).toMatch(/\+20\.0 %$/);
  expect(changeTable([row(1, 0.1)], [row(1.2, 0.1)])).toMatch(/\+20\.0 % +in the noise$/);
});

/** @file `vitrine launch` with real training, and torchrun in its place. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { peerEnvironment, peerProblem, python } from "../bench/python.ts";
import { trainRun } from "../src/method/train-run.ts";
import { launch, type Running } from "./spawn.ts";
import { lastCheckpoint, quietly, records, type Settings, tiny } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine launch train-"));
afterAll(() => rmSync(folder, { recursive: true }));

const losses = (run: string): number[] =>
  records(run).flatMap((record) => ("train/loss" in record ? [record["train/loss"] as number] : []));

function recipe(name: string, settings: Settings): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(tiny(settings)));
  return path;
}

/** Starts two processes on a run of that name. */
function start(
  name: string,
  settings: Settings,
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Running {
  const train = ["train", recipe(name, settings), "--output", folder, "--experiment", name];
  const how = ["--nproc", "2", "--timeout", "30", ...flags];
  return launch(["launch", ...how, "--", ...train, "--progress", "plain"], environment);
}

/** Waits until a run has made so many steps. */
async function reach({ child, said }: Running, run: string, steps: number): Promise<void> {
  while (!existsSync(join(run, "metrics.jsonl")) || losses(run).length < steps) {
    expect(child.exitCode, said()).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("two processes make the steps of one, into one folder", async () => {
  const settings = { "data.augment": { flip: true }, "train.epochs": 1 };
  const { code, stdout, stderr } = await start("two", settings).ended;
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`[0] look inside:  vitrine inspect ${join(folder, "two")}\n`);
  expect(stdout).not.toContain("[1]");
  expect(stderr).toContain(`[0] run folder ${join(folder, "two")}\n`);
  await trainRun(tiny(settings), quietly(join(folder, "one")));
  const [two, one] = ["two", "one"].map((name) => losses(join(folder, name)));
  expect(two).toHaveLength(10);
  for (const [i, loss] of one!.entries()) expect(two![i]).toBeCloseTo(loss, 4);
});

test("a killed process: the other one goes on alone from the last whole step, to the same end", async () => {
  const settings = { "train.epochs": 6, "train.checkpointEvery": 5 };
  const restart = ["--max-restarts", "1", "--min-nproc", "1"];
  const dying = { VITRINE_FAILPOINT: "train.reduce:kill@13#1" };
  const run = join(folder, "killed");
  const { code, stderr } = await start("killed", settings, restart, dying).ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("launch: process 1 ended first, by SIGKILL\n");
  expect(stderr).toMatch(/\[0\] error: .*rank 1 does not answer/);
  expect(stderr).toContain("[0] saved step 12, the last that all processes have made");
  expect(stderr).toContain("launch: start 1 of 1 again, 1 processes with --resume auto\n");
  expect(lastCheckpoint(run).state.step).toBe(60);
  await trainRun(tiny(settings), quietly(join(folder, "through")));
  const [found, expected] = [run, join(folder, "through")].map(losses);
  expect(found).toHaveLength(60);
  for (const [i, loss] of expected!.entries()) expect(found![i]).toBeCloseTo(loss, 2);
});

test("SIGTERM to the launcher: all stop at one step with a checkpoint, code 75", async () => {
  const running = start("stopped", { "train.epochs": 100 });
  const run = join(folder, "stopped");
  await reach(running, run, 5);
  running.child.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(75);
  const steps = [...stderr.matchAll(/\[(\d)\] error: stopped at step (\d+), saved/g)];
  expect(steps.map(([, rank]) => rank).sort()).toEqual(["0", "1"]);
  expect(new Set(steps.map(([, , step]) => step))).toEqual(new Set([String(lastCheckpoint(run).state.step)]));
});

const torch = peerProblem("torch");
test.skipIf(torch !== undefined)(
  `torchrun starts it too, and serves the store (${torch ?? "present"})`,
  () => {
    const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
    const train = [
      "train",
      recipe("torchrun", { "train.epochs": 1 }),
      "--output",
      folder,
      "--experiment",
      "torchrun",
    ];
    const torchrun = ["-m", "torch.distributed.run", "--standalone", "--no-python", "--nproc-per-node", "2"];
    const args = [...torchrun, process.execPath, "--import", import.meta.resolve("tsx"), entry, ...train];
    const { status, stderr } = spawnSync(python, args, { env: peerEnvironment("torch"), encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect(losses(join(folder, "torchrun"))).toHaveLength(10);
  },
);

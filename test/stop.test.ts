/** @file Signals to a real process: what is saved, the exit code, and that going on is as if nothing had been. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { trainRun } from "../src/method/train-run.ts";
import { launch, type Running } from "./spawn.ts";
import { lastCheckpoint, quietly, records, type Settings, tiny } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine stop-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
const trainSteps = (run: string) => records(run).filter((record) => "train/loss" in record);

/** Starts or goes on with a run in a process of its own. */
function start(name: string, settings: Settings): Running {
  const recipe = join(folder, `${name}.json`);
  writeFileSync(recipe, JSON.stringify(tiny(settings)));
  const flags = ["--output", folder, "--experiment", name, "--resume", "auto", "--progress", "plain"];
  return launch(["train", recipe, ...flags]);
}

/** Waits until so many steps are noted; a process that ends before fails the test. */
async function reach({ child, said }: Running, run: string, steps: number): Promise<void> {
  while (!existsSync(join(run, "metrics.jsonl")) || trainSteps(run).length < steps) {
    expect(child.exitCode, said()).toBeNull();
    await pause();
  }
}

test("stopped by SIGINT, SIGTERM and SIGHUP, each time gone on: the same run to the bit", async () => {
  const settings = {
    "train.epochs": 20,
    "train.batchSize": 6,
    "train.ema": 0.9,
    "data.augment": { flip: true },
  };
  const run = join(folder, "signals");

  const first = start("signals", settings);
  await reach(first, run, 20);
  first.child.kill("SIGINT");
  first.child.kill("SIGINT"); // npm's echo of the terminal's Ctrl-C, not a wish to stop at once
  const interrupted = await first.ended;
  expect(interrupted.code).toBe(130);
  expect(interrupted.stderr).toContain("stopping after this step; once more to stop at once\n");
  expect(interrupted.stderr).toMatch(/error: stopped at step \d+, saved; go on with --resume auto\n$/);
  const { state } = lastCheckpoint(run);
  expect(state.step).toBe(trainSteps(run).length);

  let step = Number(state.step);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    const next = start("signals", settings);
    await reach(next, run, step + 10);
    next.child.kill(signal);
    expect((await next.ended).code).toBe(75);
    const saved = Number(lastCheckpoint(run).state.step);
    expect(saved).toBeGreaterThanOrEqual(step + 10);
    step = saved;
  }

  const maxSteps = step + 5;
  await trainRun(tiny(settings), quietly(run, { resume: "auto", maxSteps }));
  const through = join(folder, "through");
  await trainRun(tiny(settings), quietly(through, { maxSteps }));
  expect(lastCheckpoint(run).hashes).toEqual(lastCheckpoint(through).hashes);
  expect(trainSteps(run)).toEqual(trainSteps(through));
});

test("a second SIGINT does not wait for the step", async () => {
  const sizes = { "model.dim": 64, "model.depth": 8, "model.imageSize": 32 };
  const slow = { ...sizes, "train.batchSize": 1, "train.accumulate": 320 }; // two steps, of some seconds each
  const run = join(folder, "impatient");
  const process = start("impatient", slow);
  await reach(process, run, 1);
  process.child.kill("SIGINT");
  while (!process.said().includes("once more to stop at once")) {
    expect(process.child.exitCode).toBeNull();
    await pause();
  }
  await new Promise((resolve) => setTimeout(resolve, 600)); // sooner, it would count as the first one's echo
  process.child.kill("SIGINT");
  const { code, stderr } = await process.ended;
  expect(code).toBe(130);
  expect(stderr).not.toContain("saved");
  expect(existsSync(join(run, "checkpoints", "last"))).toBe(false);
});

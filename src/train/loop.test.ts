/** @file The loop of steps with a learner that watches it: evaluations, stops, going on. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keep, noGrad, scope, type Tensor, tensor } from "../tensor/index.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { Learner, Milestone } from "./learner.ts";
import { type LoopOptions, runSteps } from "./loop.ts";
import { readMetrics } from "./metrics.ts";
import type { Restored } from "./stateful.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine steps-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Ten steps that count in a weight, evaluated after each fourth and at the end. What a test wants to spoil, it overrides. */
class Counting implements Learner<number> {
  readonly steps = 10;
  readonly evalEvery = 4;
  readonly weight: Tensor = keep(tensor([0]));
  evaluations: number[] = [];
  /** Called before each step. */
  before: (at: number) => void = () => {};
  found = (done: number): Milestone => ({
    numbers: { "eval/weight": this.weight.item() },
    text: `weight ${this.weight.item()}`,
    score: -Math.abs(8 - done),
  });

  async *batches(from: number) {
    for (let at = from; ; at++) yield at;
  }
  size = () => 1;
  step(_: number, at: number) {
    this.before(at);
    noGrad(() => this.weight.add_(1));
    return { "train/at": at };
  }
  async evaluate(done: number) {
    this.evaluations.push(done);
    return this.found(done);
  }
  readonly parts = {
    weight: {
      /** Copied: the loop frees what is made for a save. */
      saved: () => ({ model: new Map([["weight", this.weight.clone()]]) }),
      restore: ({ model }: Restored) => void noGrad(() => this.weight.copy_(model.get("weight")!)),
    },
  };
}

async function run(learner: Counting, more: Partial<LoopOptions> = {}) {
  const common = { folder, config: {}, keep: 9, logInterval: 1, progress: "none" } as const;
  try {
    return await runSteps(learner, { ...common, tensorboard: true, ...more });
  } finally {
    learner.weight.dispose();
  }
}
const failure = (learner: Counting, more: Partial<LoopOptions> = {}) =>
  run(learner, more).then(
    () => expect.unreachable("the run ended well"),
    (error: Error) => error,
  );
const checkpoints = () => join(folder, "checkpoints");
const resume = () => loadCheckpoint(checkpoints(), "last");
const saved = () => scope(() => ({ ...resume().state, weight: resume().model.get("weight")!.item() }));
const pointer = (name: string) => readFileSync(join(checkpoints(), name), "utf8").trim();
const evaluatedAt = () =>
  readMetrics(join(folder, "metrics.jsonl")).flatMap((line) => ("eval/weight" in line ? [line.step] : []));

test("evaluates where it is due and at the end; the best is the highest score", async () => {
  const learner = new Counting();
  const { steps, milestone } = await run(learner);
  expect([steps, milestone!.text, learner.evaluations]).toEqual([10, "step 10/10  weight 10", [4, 8, 10]]);
  expect([evaluatedAt(), pointer("best"), pointer("last")]).toEqual([
    [4, 8, 10],
    "step-00000008",
    "step-00000010",
  ]);
});

test.each([4, 10])(
  "an evaluation after step %i that fails loses no step, and comes first when it goes on",
  async (at) => {
    const learner = new Counting();
    const { found } = learner;
    learner.found = (done) => {
      if (done === at) throw new Error("no memory");
      return found(done);
    };
    expect((await failure(learner)).message).toBe("no memory");
    expect(saved()).toMatchObject({ step: at, weight: at });
    const next = new Counting();
    expect(await run(next, { resume: resume() })).toMatchObject({
      steps: 10,
      milestone: { text: "step 10/10  weight 10" },
    });
    expect(next.evaluations).toEqual([4, 8, 10].filter((done) => done >= at));
    expect(evaluatedAt()).toEqual([4, 8, 10]);
  },
);

/** Every file of the run with its size and content. */
const everything = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => [
      name,
      statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name), "latin1") : "",
    ]);

test.each([undefined, 6])("a run that is at its end (maxSteps %s) is left as it is", async (maxSteps) => {
  await run(new Counting(), { maxSteps });
  const before = everything();
  const learner = new Counting();
  const { steps, milestone } = await run(learner, { maxSteps, resume: resume() });
  expect([steps, milestone!.text]).toEqual(
    maxSteps === undefined ? [10, "step 10/10  weight 10"] : [6, "step 6/10  weight 6"],
  );
  expect(learner.evaluations).toEqual([]);
  expect(everything()).toEqual(before);
});

test("a signal before an evaluation leaves it to the run that goes on", async () => {
  const learner = new Counting();
  learner.before = (at) => {
    if (at === 3) process.emit("SIGTERM");
  };
  expect(await failure(learner)).toMatchObject({
    exitCode: 75,
    message: "stopped at step 4, saved; go on with --resume auto",
  });
  expect([learner.evaluations, process.listenerCount("SIGTERM")]).toEqual([[], 0]);
  const next = new Counting();
  await run(next, { resume: resume() });
  expect([next.evaluations, evaluatedAt()]).toEqual([
    [4, 8, 10],
    [4, 8, 10],
  ]);
});

test("a signal during the last evaluation does not make a finished run an unfinished one", async () => {
  const learner = new Counting();
  const { found } = learner;
  learner.found = (done) => {
    if (done === 10) process.emit("SIGINT");
    return found(done);
  };
  expect(await run(learner)).toMatchObject({ steps: 10 });
});

test("at the deadline it stops as on SIGTERM", async () => {
  expect(await failure(new Counting(), { deadline: performance.now() })).toMatchObject({
    exitCode: 75,
    message: "stopped at step 1, saved; go on with --resume auto",
  });
});

test("a checkpoint of an older version, which did not note its evaluation, is not evaluated again", async () => {
  await run(new Counting());
  scope(() => {
    const { model, optimizer, config, state } = resume();
    const { step, best, seconds } = state as Record<string, unknown>;
    const old = { step, best, seconds, learner: {} };
    saveCheckpoint(checkpoints(), 10, { config, model, optimizer, state: old }, { keep: 9, best: false });
  });
  const learner = new Counting();
  expect(await run(learner, { resume: resume() })).toMatchObject({ steps: 10, milestone: undefined });
  expect(learner.evaluations).toEqual([]);
});

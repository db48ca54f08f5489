/** @file The loop with a descent that watches it: memory, signals, numbers that are not finite. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ImageSource, imageSource, syntheticSet } from "../data/index.ts";
import { createModel } from "../model/index.ts";
import { aten, memory, native, noGrad, random, scope, type Tensor } from "../tensor/index.ts";
import { listCheckpoints, loadCheckpoint } from "./checkpoint.ts";
import { Descent, type DescentOptions } from "./descent.ts";
import { type EpochBatch, Epochs, given } from "./epochs.ts";
import type { Learner, Milestone } from "./learner.ts";
import { type LoopOptions, runSteps } from "./loop.ts";
import { readMetrics } from "./metrics.ts";
import { weights } from "./stateful.ts";
import { logged } from "./step.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine trainer-"));
  native().setThreads(1);
});
afterEach(() => rmSync(folder, { recursive: true }));

const waves = (count: number) => imageSource(syntheticSet({ split: "train", size: 8, count }));
const sizes = { dim: 16, depth: 2, heads: 2, patch: 4, imageSize: 8, classes: 10 };

/** A small CRATE on batches of four images, ten an epoch. What a test wants to see or to spoil, it overrides. */
class Watched implements Learner<EpochBatch> {
  readonly steps: number;
  readonly perEpoch: number;
  readonly evalEvery: number;
  readonly parts;
  readonly module = createModel("crate", sizes, random(5));
  private readonly epochs: Epochs;
  private readonly descent: Descent;
  evaluations = 0;
  /** Called before each batch is learned from. */
  before: (batch: EpochBatch) => void = () => {};
  /** What the next evaluations say; 0 after them. */
  top1: number[] = [];

  constructor({ images = waves(40), epochs = 2, accumulate = 1, ...more }: WatchedOptions = {}) {
    this.epochs = new Epochs(images, { batchSize: 4, random: random(6), accumulate });
    this.perEpoch = this.evalEvery = this.epochs.steps;
    this.steps = epochs * this.perEpoch;
    this.descent = new Descent(this.module, { optimizer: { name: "adamw" }, lr: () => 1e-3, ...more });
    this.parts = { model: weights(this.module), descent: this.descent };
  }

  batches = (from: number) => this.epochs.from(from);
  size = ({ indices }: EpochBatch) => indices.length;
  step(batch: EpochBatch, at: number) {
    this.before(batch);
    const logits = () => this.module.apply(batch.images);
    const loss = () => aten<Tensor>("cross_entropy_loss", logits(), batch.labels, null, 1, -100, 0);
    const step = this.descent.add(loss, batch.of, at, given(batch));
    return step && logged(step);
  }
  async evaluate(): Promise<Milestone> {
    this.evaluations++;
    const top1 = this.top1.shift() ?? 0;
    return { numbers: { "eval/top1": top1 }, score: top1, text: "" };
  }
  dispose() {
    this.descent.dispose();
    this.module.dispose();
  }
}

interface WatchedOptions extends Pick<DescentOptions, "ema" | "clipGrad" | "precision"> {
  images?: ImageSource;
  epochs?: number;
  accumulate?: number;
}

const options = (more: Partial<LoopOptions>): LoopOptions => ({
  ...{ folder, config: {}, keep: 9, logInterval: 1, progress: "none", tensorboard: false },
  ...more,
});

async function run(learner: Watched, more: Partial<LoopOptions> = {}) {
  try {
    return await runSteps(learner, options(more));
  } finally {
    learner.dispose();
  }
}
const failure = (task: Watched, more: Partial<LoopOptions> = {}) =>
  run(task, more).then(
    () => expect.unreachable("the run ended well"),
    (error: Error) => error,
  );
const checkpoints = () => join(folder, "checkpoints");
const resume = () => loadCheckpoint(checkpoints(), "last");
const state = () => scope(() => resume().state);
const pointer = (name: string) => readFileSync(join(checkpoints(), name), "utf8").trim();

test("over 300 steps tensors, bytes and the process stay as large as they are", async () => {
  const task = new Watched({ images: waves(400), epochs: 3, ema: 0.9, clipGrad: 1, precision: "bf16" });
  const seen: { tensors: number; bytes: number }[] = [];
  task.before = () => seen.push(memory());
  await run(task, { keep: 1 });
  expect(seen).toHaveLength(300);
  expect(seen.at(-1)).toEqual(seen[1]);
  const resident = readMetrics(join(folder, "metrics.jsonl")).flatMap(
    (line) => (line["system/residentBytes"] as number | undefined) ?? [],
  );
  expect(resident[299]! - resident[100]!).toBeLessThan(2 ** 25);
});

/** The numbers of a step are read at once, or with those of later ones. */
test.each([1, 10])(
  "an image that is not finite is told as the input's fault: read every %i steps",
  async (logInterval) => {
    const task = new Watched({ accumulate: 3 });
    task.before = ({ images, count }) => {
      if (count === 13) noGrad(() => images.mul_(Number.NaN));
    };
    const error = await failure(task, { logInterval });
    expect(error.message).toBe(
      "loss is NaN at step 6 (epoch 2, batch 4), first in the input; lower the learning rate or look at the data",
    );
    expect(listCheckpoints(checkpoints()).map(({ step }) => step)).toEqual([4]);
  },
);

test.each([1, 10])("in bf16 the place is sought in bf16: read every %i steps", async (logInterval) => {
  const task = new Watched({ precision: "bf16" });
  task.before = ({ number }) => {
    const weight = task.module.namedParameters().get("transformer.layers.1.0.fn.qkv.weight")!;
    if (number === 2) scope(() => noGrad(() => weight.copy_(weight.sign().mul(1e19))));
  };
  const error = await failure(task, { logInterval });
  expect(error.message).toMatch(/at step 3 \(epoch 1, batch 3\), first in the output of block\.1\.mssa;/);
});

test("a signal at an epoch's last step leaves the evaluation to the run that goes on", async () => {
  const task = new Watched();
  task.before = ({ number }) => {
    if (number === 9) process.emit("SIGTERM");
  };
  const error = await failure(task);
  expect(error).toMatchObject({
    exitCode: 75,
    message: "stopped at step 10, saved; go on with --resume auto",
  });
  expect(process.listenerCount("SIGTERM")).toBe(0);
  expect(state()).toMatchObject({ step: 10, epoch: 1, within: 0, evaluated: 0 });
  const next = new Watched();
  next.top1 = [0.5, 0.4];
  const { steps, milestone } = await run(next, { resume: resume() });
  expect([steps, next.evaluations, milestone?.score]).toEqual([20, 2, 0.4]);
  expect([pointer("best"), pointer("last")]).toEqual(["step-00000010", "step-00000020"]);
});

test("a signal during an evaluation is answered when that is saved, before another step", async () => {
  const task = new Watched();
  task.evaluate = async () => {
    process.emit("SIGINT");
    return { numbers: {}, text: "", score: 0.3 };
  };
  expect(await failure(task)).toMatchObject({ exitCode: 130 });
  expect(state()).toMatchObject({ step: 10, epoch: 1, within: 0, milestone: { score: 0.3 } });
});

test("an evaluation that fails loses no step, and comes first when the run goes on", async () => {
  const task = new Watched();
  task.evaluate = () => Promise.reject(new Error("no memory"));
  expect((await failure(task)).message).toBe("no memory");
  expect(state()).toMatchObject({ step: 10, epoch: 1, within: 0, evaluated: 0 });
  const next = new Watched();
  expect(await run(next, { resume: resume() })).toMatchObject({ steps: 20 });
  expect(next.evaluations).toBe(2);
});

test("at the deadline it stops as on SIGTERM", async () => {
  expect(await failure(new Watched(), { deadline: performance.now() })).toMatchObject({
    exitCode: 75,
    message: "stopped at step 1, saved; go on with --resume auto",
  });
});

test("a signal in the middle of an accumulated step is answered after it", async () => {
  const task = new Watched({ accumulate: 4 });
  task.before = ({ number }) => {
    if (number === 4) process.emit("SIGINT");
  };
  expect((await failure(task)).message).toMatch(/^stopped at step 2, saved/);
  expect(state()).toMatchObject({ step: 2, within: 2 });
});

test("the best is the first of the highest, over stops too", async () => {
  const first = new Watched({ epochs: 5 });
  first.top1 = [0.5, 0.7];
  await run(first, { maxSteps: 20 });
  expect(pointer("best")).toBe("step-00000020");
  const second = new Watched({ epochs: 5 });
  second.top1 = [0.6, 0.7, 0.7];
  await run(second, { resume: resume() });
  expect([pointer("best"), pointer("last")]).toEqual(["step-00000020", "step-00000050"]);
});

test("an error of the data ends the run and frees what a half-made step held", async () => {
  const task = new Watched({ accumulate: 4 });
  task.before = ({ number }) => {
    if (number === 5) throw new Error("unreadable image");
  };
  expect((await failure(task)).message).toBe("unreadable image");
  expect(readdirSync(folder)).toEqual(["metrics.jsonl"]);
});

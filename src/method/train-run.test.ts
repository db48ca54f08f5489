/** @file What a run leaves behind, what its settings do, and what ends it at once. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastCheckpoint, quietly, records, type Settings, tiny } from "../../test/tiny.ts";
import { scope, type Tensor } from "../tensor/index.ts";
import { loadCheckpoint } from "../train/checkpoint.ts";
import { readMetrics } from "../train/metrics.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { loadRun } from "./supervised/load.ts";
import { trainRun } from "./train-run.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine train-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const train = (settings: Settings = {}, more = {}) => trainRun(tiny(settings), quietly(folder, more));
const scoresOf = async (settings: Settings) => (await train(settings)).numbers;
const run = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(run(name), "utf8");

/** Weights of a checkpoint as one list. */
const weights = (which: string) =>
  scope(() => [...loadCheckpoint(run("checkpoints"), which)!.model.values()].flatMap((w) => w.numbers()));
const distance = (a: readonly number[], b: readonly number[]) =>
  Math.hypot(...a.map((value, i) => value - b[i]!));

describe("a run folder", () => {
  test("holds the recipe, the metrics, a summary and checkpoints; the digits of one are those of the others", async () => {
    const result = await train({ "train.keep": 1 });
    expect(readdirSync(folder).sort()).toEqual([
      "checkpoints",
      "metrics.jsonl",
      "probes.jsonl",
      "recipe.json",
      "summary.csv",
    ]);
    expect(JSON.parse(read("recipe.json"))).toEqual(tiny({ "train.keep": 1 }));

    const lines = readMetrics(run("metrics.jsonl"));
    const steps = lines.filter((line) => "train/loss" in line);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(Object.keys(steps[0]!).sort()).toEqual([
      ...["lr", "step", "system/residentBytes", "time/imagesPerSecond", "time/processorSeconds"],
      ...["train/gradientNorm", "train/loss"],
    ]);
    expect(steps[0]!.lr).toBe(0.01);
    expect(steps[10]!.lr).toBeCloseTo(0.005, 10); // cosine, half-way
    const [first, second] = lines.filter((line) => "eval/top1" in line);
    expect([first!.step, second!.step]).toEqual([10, 20]);
    expect(second!["eval/top1"]).toBeCloseTo(result.numbers.top1!, 10);
    expect(second!["eval/loss"]).toBe(result.numbers.loss);

    const [head, ...rows] = read("summary.csv").trim().split("\n");
    expect(head).toBe("epoch,train_loss,train_top1,eval_loss,eval_top1,eval_top5,lr");
    expect(rows.map((row) => row.split(",")[0])).toEqual(["0", "1"]);
    const cells = rows[1]!.split(",").map(Number);
    const mean = steps.slice(10).reduce((sum, line) => sum + Number(line["train/loss"]), 0) / 10;
    expect(cells[1]).toBeCloseTo(mean, 6);
    expect(cells[4]).toBeCloseTo(result.numbers.top1!, 10);
    expect(cells[6]).toBe(steps[19]!.lr); // the rate of the epoch's last step

    const { name, state } = lastCheckpoint(folder);
    expect(name).toBe("step-00000020");
    expect(state).toMatchObject({
      step: 20,
      epoch: 2,
      within: 0,
      milestone: { score: expect.closeTo(result.numbers.top1! / 100, 10) },
    });
  });

  test("learns: the loss falls, and the best checkpoint is the best evaluated", async () => {
    const { top1: accuracy } = await scoresOf({ "train.epochs": 4, "data.augment": { flip: false } });
    const lines = records(folder);
    const loss = (step: number) => Number(lines.find((line) => line.step === step)!["train/loss"]);
    expect(loss(40)).toBeLessThan(loss(1) - 0.3);
    expect(accuracy).toBeGreaterThan(20); // ten classes
    const tops = lines.flatMap((line) => ("eval/top1" in line ? [Number(line["eval/top1"])] : []));
    const best = 10 * (1 + tops.indexOf(Math.max(...tops)));
    expect(read("checkpoints/best").trim()).toBe(`step-${String(best).padStart(8, "0")}`);
    const { top1, count } = (await evaluateRun(folder, { checkpoint: "best", split: "test" })).numbers;
    expect([top1, count]).toEqual([Math.max(...tops), 160]);
  });

  test("has TensorBoard events on request", async () => {
    await train({}, { tensorboard: true, maxSteps: 3 });
    const [file] = readdirSync(folder).filter((name) => name.startsWith("events.out.tfevents."));
    const scalars = scalarsOf(readFileSync(run(file!)));
    const losses = records(folder).flatMap((line) =>
      "train/loss" in line ? [[line.step, Math.fround(Number(line["train/loss"]))]] : [],
    );
    expect(scalars.filter(({ tag }) => tag === "train/loss").map(({ step, value }) => [step, value])).toEqual(
      losses,
    );
    expect(scalars.filter(({ tag }) => tag === "eval/top1").map(({ step }) => step)).toEqual([3]);
  });
});

/** Scalars of an event file, read by the fields of event.proto: wall_time 1, step 2, summary 5 { value 1 { tag 1, simple_value 2 } }. */
function scalarsOf(file: Buffer): { tag: string; step: number; value: number }[] {
  const found: { tag: string; step: number; value: number }[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const event = fields(file.subarray(at + 12, at + 12 + length));
    const summary = event.get(5) as Buffer | undefined;
    if (summary !== undefined) {
      const value = fields(fields(summary).get(1) as Buffer);
      found.push({
        tag: String(value.get(1)),
        step: Number(event.get(2) ?? 0),
        value: (value.get(2) as Buffer).readFloatLE(),
      });
    }
    at += length + 16;
  }
  return found;
}

/** The last value of each field of a protobuf message. */
function fields(bytes: Buffer): Map<number, Buffer | number> {
  const found = new Map<number, Buffer | number>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) found.set(field, varint());
    else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      found.set(field, bytes.subarray(at, at + length));
      at += length;
    }
  }
  return found;
}

describe("a setting", () => {
  test("accumulate: two batches of 64 make the step that one of 128 makes, up to rounding", async () => {
    const plain = { "train.optimizer": "sgd", "train.lr": 0.5 };
    await train({ ...plain, "train.batchSize": 64, "train.accumulate": 2 });
    const [inTwo, lines] = [weights("last"), records(folder)];
    rmSync(folder, { recursive: true });
    await train({ ...plain, "train.batchSize": 128 });
    expect(distance(weights("last"), inTwo)).toBeLessThan(1e-5);
    records(folder).forEach((line, i) => {
      expect(Number(lines[i]!["train/loss"] ?? 0)).toBeCloseTo(Number(line["train/loss"] ?? 0), 5);
    });
  });

  test("clipGrad: a step of plain descent is as long as the norm allows, the norm noted is the whole one", async () => {
    const settings = { "train.optimizer": "sgd", "train.schedule": "constant", "train.lr": 0.5 };
    const clipped = { ...settings, "train.clipGrad": 0.125 };
    await train(clipped, { maxSteps: 1 });
    const first = weights("last");
    await train(clipped, { maxSteps: 2, resume: "auto" });
    expect(distance(weights("last"), first)).toBeCloseTo(0.5 * 0.125, 6);
    expect(records(folder)[0]!["train/gradientNorm"]).toBeGreaterThan(0.125);
  });

  test("ema: what is evaluated and loaded is the average, and both are saved", async () => {
    const { loss, top1: accuracy } = await scoresOf({ "train.ema": 0.8 });
    const { hashes } = lastCheckpoint(folder);
    expect(Object.keys(hashes).sort()).toEqual([
      ...["ema.safetensors", "model.safetensors", "optimizer.safetensors"],
    ]);
    const again = (await evaluateRun(folder, { checkpoint: "last", split: "test" })).numbers;
    expect([again.loss, again.top1]).toEqual([loss, accuracy]);
    scope(() => {
      const { ema, model } = loadCheckpoint(run("checkpoints"), "last");
      const loaded = loadRun(folder, "last").model;
      for (const [name, parameter] of loaded.namedParameters())
        expect(parameter.numbers()).toEqual(ema!.get(name)!.numbers());
      const head = "mlp_head.1.weight";
      expect(distance(ema!.get(head)!.numbers(), model.get(head)!.numbers())).toBeGreaterThan(1e-3);
      loaded.dispose();
    });
  });

  test("precision: bf16 learns as fp32 does, rounds, and leaves wide weights", async () => {
    await train({ "train.precision": "bf16" });
    const lines = records(folder);
    scope(() => {
      const { model, optimizer } = loadCheckpoint(run("checkpoints"), "last");
      for (const tensor of [...model.values(), ...optimizer.values()] as Tensor[])
        expect(tensor.dtype).toBe("float32");
    });
    const { top1 } = (await evaluateRun(folder, { checkpoint: "last", split: "test" })).numbers;
    rmSync(folder, { recursive: true });
    const wide = await train();
    const losses = (of: typeof lines) => of.flatMap((line) => Number(line["train/loss"] ?? []));
    const [low, high] = [losses(lines), losses(records(folder))];
    expect(low[0]).not.toBe(high[0]);
    expect(low[0]).toBeCloseTo(high[0]!, 1);
    expect(low.at(-1)).toBeLessThan(low[0]! - 0.1);
    expect(Math.abs(top1! - wide.numbers.top1!)).toBeLessThan(15);
  });

  test("per: the rate moves with the epoch or with the step, warm-up and fall alike", async () => {
    const rates = async (settings: Settings) => {
      rmSync(folder, { recursive: true });
      await train({ "train.epochs": 4, "train.warmupEpochs": 2, "train.batchSize": 320, ...settings });
      return records(folder).flatMap((line) => ("lr" in line ? [line.lr as number] : []));
    };
    const cosine = (x: number) => (1 + Math.cos(Math.PI * x)) / 2;
    const expected = (x: number[]) => x.map((factor) => expect.closeTo(0.01 * factor, 12));
    const half = cosine(1 / 2);
    const steps = [0.25, 0.5, 0.75, cosine(3 / 8), half, cosine(5 / 8), cosine(6 / 8), cosine(7 / 8)];
    expect(await rates({ "train.per": "step" })).toEqual(expected(steps));
    const epochs = [0.5, 0.5, cosine(1 / 4), cosine(1 / 4), half, half, cosine(3 / 4), cosine(3 / 4)];
    expect(await rates({ "train.per": "epoch" })).toEqual(expected(epochs));
  });

  test("evalEvery: epochs between have no evaluation, the last has one", async () => {
    await train({ "train.epochs": 3, "train.evalEvery": 2, "train.batchSize": 320 });
    expect(records(folder).flatMap(({ step, ...line }) => ("eval/loss" in line ? [step] : []))).toEqual([
      4, 6,
    ]);
    const cells = read("summary.csv").split("\n")[1]!.split(",");
    expect(cells.slice(3, 6)).toEqual(["", "", ""]);
  });

  test("maxSteps: what is told is the accuracy of the weights then, not of an epoch before", async () => {
    const { steps, numbers } = await train({}, { maxSteps: 15 });
    const { epochs, top1: accuracy, loss } = numbers;
    expect([steps, epochs]).toEqual([15, 1]);
    const again = (await evaluateRun(folder, { checkpoint: "last", split: "test" })).numbers;
    expect([again.top1, again.loss]).toEqual([accuracy, loss]);
    expect(records(folder).at(-1)).toMatchObject({ step: 15, "eval/loss": loss });
  });

  test("checkpointEvery and keep: the newest stay, and the best", async () => {
    await train({ "train.checkpointEvery": 3, "train.keep": 2 });
    const names = readdirSync(run("checkpoints")).filter((name) => name.startsWith("step-"));
    const best = read("checkpoints/best").trim();
    expect(names.sort()).toEqual([...new Set(["step-00000018", "step-00000020", best])].sort());
  });
});

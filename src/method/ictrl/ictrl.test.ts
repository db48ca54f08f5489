import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ImageSet, openDataset, subset } from "../../data/index.ts";
import { createModel } from "../../model/index.ts";
import { CheckpointError, random, scope, tensor } from "../../tensor/index.ts";
import { loadCheckpoint } from "../../train/checkpoint.ts";
import { runSteps } from "../../train/loop.ts";
import { Players } from "../ctrl/players.ts";
import { IctrlLearner, type IctrlOptions } from "./learner.ts";
import { Memory, sampleMemory } from "./memory.ts";
import { incrementalDecoderStep, incrementalEncoderStep, replayOf } from "./step.ts";
import { addAccuracies, lastAndAverage, ofClasses, splitClasses } from "./tasks.ts";

let digits: ImageSet;
let folder: string;

beforeAll(async () => {
  digits = subset(
    await openDataset("digits", { split: "train" }),
    Array.from({ length: 200 }, (_, i) => i),
  );
  folder = mkdtempSync(join(tmpdir(), "vitrine-ictrl-"));
  for (const run of ["a", "b"]) mkdirSync(join(folder, run));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const players = (seed = 0): Players =>
  new Players(createModel("ictrl", { channels: 1, features: 16, width: 4 }, random(seed)), [0.5, 0.999]);

const settings = (more: Partial<IctrlOptions> = {}): IctrlOptions => ({
  ...{ train: digits, test: digits, random: random(3), tasks: 5, epochs: 1, lr: 1e-3 },
  ...{ first: { steps: 2, batchSize: 40, lr: 1e-3 }, lambda: 10, gamma: 1, epsilon: 1 },
  ...{ directions: 3, samples: 5, nearest: 10, components: 4, reviews: 0, imageSize: 32 },
  ...{ bnMode: "eval-affine-trainable", held: "code" },
  ...more,
});

test("classes are split in order, and images picked by class keep their labels", () => {
  expect(splitClasses(10, 5)[4]).toEqual([8, 9]);
  expect(splitClasses(10, 10)[4]).toEqual([4]);
  expect(() => splitClasses(10, 3)).toThrow("divides the 10 classes, got 3");
  expect(new Set(ofClasses(digits, [2, 7]).labels)).toEqual(new Set([2, 7]));
  expect(() => ofClasses(ofClasses(digits, [1]), [2])).toThrow("found none");
});

test("accuracies by task, the last and the mean", () => {
  const progression = { matrix: [], seen: [] };
  addAccuracies(progression, [[0, 1]], [0, 1, 1, 1], [0, 0, 1, 1]);
  addAccuracies(
    progression,
    [
      [0, 1],
      [2, 3],
    ],
    [0, 2, 2, 3, 3],
    [0, 0, 2, 3, 2],
  );
  expect(progression).toEqual({ matrix: [[0.75], [0.5, 2 / 3]], seen: [0.75, 0.6] });
  expect(lastAndAverage(progression)).toEqual({ last: 0.6, average: 0.675 });
});

test("sampleMemory: memory has the mean and covariance of the features nearest to a direction", () => {
  scope(() => {
    // along the first axis, spread in the second: its ten longest are rows 0 … 9
    const rows = Array.from({ length: 20 }, (_, i) => [i < 10 ? 3 + i : 0.1, Math.sin(i), 0]);
    const F = tensor(rows, { dtype: "float64" });
    const options = { directions: 1, samples: 40_000, nearest: 10 };
    const drawn = sampleMemory(F, options, random(1).normal([1, 40_000, 10]));
    const near = F.narrow(0, 0, 10);
    const covariance = (X: typeof F) => {
      const centred = X.sub(X.mean(0));
      return centred.T.matmul(centred).div(X.size(0) - 1);
    };
    expect(drawn.mean(0).sub(near.mean(0)).abs().max().item()).toBeLessThan(0.05);
    expect(covariance(drawn).sub(covariance(near)).abs().max().item()).toBeLessThan(0.15);
    expect(() => sampleMemory(F, { ...options, nearest: 30 }, F)).toThrow(
      "at least 30 features of a class, got 20",
    );
    expect(() => sampleMemory(F, { ...options, directions: 4 }, F)).toThrow("1 to 3 directions");
  });
});

test("a memory is read back with its model, and refused with another", () => {
  using both = players(1);
  using memory = new Memory();
  scope(() => memory.remember(4, random(2).normal([30, 16]), settings(), random(3)));
  expect(memory.bytes).toBe(3 * 5 * 16 * 4);
  const path = join(folder, "memory.safetensors");
  memory.save(path, both.nets);
  using again = Memory.read(path, both.nets);
  expect(again.labels).toEqual([4]);
  expect(again.stateDict().get("memory.4")!.numbers()).toEqual(memory.stateDict().get("memory.4")!.numbers());
  using other = players(2);
  expect(() => Memory.read(path, other.nets)).toThrow(CheckpointError);
  expect(() => Memory.read(path, other.nets)).toThrow("memory of another model");
});

test("the shared passes of the decoder's step are the separate ones, where statistics are fixed", () => {
  scope(() => {
    const options = { classes: 4, fresh: [2, 3], held: [0, 1, 2], lambda: 10, epsilon: 1 };
    const batch = {
      images: random(1).normal([12, 1, 32, 32]),
      labels: tensor(BigInt64Array.from({ length: 12 }, (_, i) => BigInt(2 + (i % 2)))),
    };
    const objectives = [true, false].map((shared) => {
      using both = players(6);
      both.train(false);
      const Z = random(2).normal([10, 16]).mul(0.25);
      const labels = tensor(BigInt64Array.from({ length: 10 }, (_, i) => BigInt(i % 2)));
      const replay = replayOf(both, { Z, labels });
      // no normalisation layer sees the root's flag: only the choice of passes changes
      if (!shared) Object.defineProperty(both.nets.encoder, "training", { value: true });
      const before = incrementalDecoderStep(both, batch, replay, options, 1e-3);
      return [before, incrementalDecoderStep(both, batch, replay, options, 1e-3)];
    });
    expect(objectives[0]![0]).toBeCloseTo(objectives[1]![0]!, 4);
    expect(objectives[0]![1]).toBeCloseTo(objectives[1]![1]!, 4);
  });
});

test("the encoder's step raises its objective, the decoder's lowers its own", () => {
  scope(() => {
    using both = players(7);
    const options = { classes: 4, fresh: [2, 3], held: [0, 1, 2], lambda: 10, epsilon: 1 };
    const labels = tensor(BigInt64Array.from({ length: 24 }, (_, i) => BigInt(2 + (i % 2))));
    const batch = { images: random(1).normal([24, 1, 32, 32]), labels };
    const old = tensor(BigInt64Array.from({ length: 20 }, (_, i) => BigInt(i % 2)));
    const replay = replayOf(both, { Z: random(2).normal([20, 16]).mul(0.25), labels: old });
    const first = incrementalEncoderStep(both, batch, replay, options, 1e-4);
    expect(incrementalEncoderStep(both, batch, replay, options, 1e-12)).toBeGreaterThan(first);
    const second = incrementalDecoderStep(both, batch, replay, options, 1e-4);
    expect(incrementalDecoderStep(both, batch, replay, options, 1e-12)).toBeLessThan(second);
  });
});

test("five tasks and a review: memory of every class, all accuracies; resuming is exact", async () => {
  const options = { config: {}, keep: 9, logInterval: 1, progress: "none", tensorboard: false } as const;
  const end = (both: Players) =>
    [...both.nets.decoder.stateDict().values()].map((tensor) => tensor.numbers());
  using straight = players(4);
  using learner = new IctrlLearner(straight, settings({ reviews: 1 }));
  await runSteps(learner, { ...options, folder: join(folder, "a") });
  expect(learner.memory.labels.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(learner.progression.matrix.map((row) => row.length)).toEqual([1, 2, 3, 4, 5, 5, 5, 5, 5, 5]);
  expect(learner.progression.seen.every((share) => share > 0 && share <= 1)).toBe(true);

  const place = { ...options, folder: join(folder, "b") };
  using half = players(4);
  using before = new IctrlLearner(half, settings({ reviews: 1 }));
  await runSteps(before, { ...place, maxSteps: 6 }); // within the third task
  using other = players(5);
  using after = new IctrlLearner(other, settings({ reviews: 1 }));
  await runSteps(after, { ...place, resume: loadCheckpoint(join(place.folder, "checkpoints"), "last") });
  expect(end(other)).toEqual(end(straight));
  expect(after.progression).toEqual(learner.progression);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyParts } from "../../../test/parts.ts";
import { quietly, records } from "../../../test/tiny.ts";
import { imageSource, syntheticSet } from "../../data/index.ts";
import { createModel, DinoNet } from "../../model/index.ts";
import { random, scope, type Tensor } from "../../tensor/index.ts";
import { evaluateRun } from "../evaluate-run.ts";
import { resolveRecipe } from "../recipe.ts";
import { trainRun } from "../train-run.ts";
import { drawCrops, randomSolarise } from "./crops.ts";
import { inspectDino } from "./inspect.ts";
import { DinoLearner, type DinoLearnerOptions } from "./learner.ts";
import { DinoPair } from "./pair.ts";
import { cosineBetween, risenCosine, straightTo } from "./schedules.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine dino-"));
afterAll(() => rmSync(root, { recursive: true }));

const set = imageSource(syntheticSet({ split: "train", count: 64, size: 8, channels: 1, classes: 4 }));
const sizes = { imageSize: 8, patch: 2, channels: 1, dim: 16, depth: 1, heads: 2, pool: "mean" as const };
const normalise = { mean: [0.5], std: [0.25] };
const crops = {
  ...{ imageSize: 8, localSize: 4, localCrops: 2, normalise },
  ...{ globalScale: [0.4, 1] as const, localScale: [0.1, 0.4] as const },
};

async function learn<T>(
  body: (learner: DinoLearner) => T | Promise<T>,
  { prototypes = 32, ...more }: Partial<DinoLearnerOptions> & { prototypes?: number } = {},
): Promise<T> {
  const count = prototypes > 0 ? prototypes : undefined;
  const head = { hidden: 32, bottleneck: 16, ...(count !== undefined && { prototypes: count }) };
  using pair = new DinoPair(
    () => new DinoNet(createModel("crate", sizes, random(1)), head, random(1)),
    count,
  );
  using learner = new DinoLearner(pair, {
    ...{ train: set, random: random(2), crops, batch: { batchSize: 32 } },
    ...{ epochs: 10, lr: 2e-3, minLr: 1e-6, warmupEpochs: 0, weightDecay: [0.04, 0.4], clipGrad: 3 },
    ...{ teacherMomentum: 0.9, precision: "fp32", simdino: { epsilon: Math.SQRT1_2 }, evalEvery: 10 },
    evaluate: async () => ({ numbers: {}, text: "" }),
    targets: {
      ...{ studentTemperature: 0.1, teacherTemperature: { from: 0.04, to: 0.04, epochs: 0 } },
      ...{ centreMomentum: 0.9, frozenEpochs: 1 },
    },
    ...more,
  });
  return await body(learner);
}

/** Steps `from` up to `to`; their losses. */
async function steps(learner: DinoLearner, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for await (const batch of learner.batches(from)) {
    losses.push(scope(() => learner.step(batch, from + losses.length)["train/loss"] as number));
    if (from + losses.length === to) return losses;
  }
  return losses;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test("twenty steps of DINO towards a teacher and a centre that stay lower its loss", () =>
  learn(
    async (learner) => {
      const losses = await steps(learner, 0, 20);
      expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)));
    },
    {
      teacherMomentum: 1,
      targets: {
        ...{ studentTemperature: 0.1, teacherTemperature: { from: 0.04, to: 0.04, epochs: 0 } },
        ...{ centreMomentum: 1, frozenEpochs: 1 },
      },
    },
  ));

test("twenty steps of SimDINO lower its loss", () =>
  learn(
    async (learner) => {
      const losses = await steps(learner, 0, 20);
      expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)));
    },
    { prototypes: 0, simdino: { epsilon: Math.sqrt(0.05) } },
  ));

test.each([32, 0])("going on from a snapshot is never having stopped (%i prototypes)", async (prototypes) => {
  const whole = await learn((learner) => steps(learner, 0, 6), { prototypes });
  await learn(
    async (first) => {
      await steps(first, 0, 3);
      using saved = copyParts(first.parts);
      const losses = await learn(
        (second) => {
          saved.into(second.parts);
          return steps(second, 3, 6);
        },
        { prototypes },
      );
      expect(losses).toEqual(whole.slice(3));
    },
    { prototypes },
  );
});

test("prototypes rest in the first epoch; the teacher follows the student, the centre the teacher", () =>
  learn(async (learner) => {
    const values = (name: string) => [...learner.pair.stateDict().get(name)!.numbers()];
    const prototypes = "student.head.last_layer.weight_v";
    const before = values(prototypes);
    const start = values("teacher.head.mlp.0.bias");
    await steps(learner, 0, 1);
    const after = values("student.head.mlp.0.bias");
    values("teacher.head.mlp.0.bias").forEach((value, i) => {
      expect(value).toBeCloseTo(0.9 * start[i]! + 0.1 * after[i]!, 6);
    });
    expect(values("center").some((value) => value !== 0)).toBe(true);
    await steps(learner, 1, 2); //                                              two batches are an epoch
    expect(values(prototypes)).toEqual(before);
    await steps(learner, 2, 3);
    expect(values(prototypes)).not.toEqual(before);
  }));

test("schedules meet their ends", () => {
  const decay = cosineBetween(0.04, 0.4, 100);
  expect([decay(0), decay(50), decay(100)].map((x) => x.toFixed(4))).toEqual(["0.0400", "0.2200", "0.4000"]);
  const lr = risenCosine(1, 0.1, 110, 10);
  expect([lr(0), lr(9), lr(10), lr(110)].map((x) => x.toFixed(4))).toEqual([
    "0.0000",
    ...["1.0000", "1.0000", "0.1000"],
  ]);
  const temperature = straightTo(0.04, 0.07, 4);
  expect([0, 1, 3, 9].map((epoch) => temperature(epoch).toFixed(3))).toEqual([
    ...["0.040", "0.050", "0.070", "0.070"],
  ]);
});

test("crops have their sizes, depend on the stream alone, and bright values turn when solarised", () => {
  scope(() => {
    const images = random(1).uniform([3, 3, 24, 24], 0, 1);
    const options = { ...crops, imageSize: 16, localSize: 8, normalise: { mean: [0, 0, 0], std: [1, 1, 1] } };
    const [large, small] = drawCrops(images, options, random(2)) as [Tensor, Tensor];
    expect([large.shape, small.shape]).toEqual([
      [6, 3, 16, 16],
      [6, 3, 8, 8],
    ]);
    expect(large.numbers()).toEqual(drawCrops(images, options, random(2))[0]!.numbers());
    expect(large.max().item()).toBeLessThanOrEqual(1 + 1e-5);
    expect(drawCrops(images, { ...options, localCrops: 0 }, random(2))).toHaveLength(1);
    const turned = randomSolarise(images, 1, random(3));
    expect(turned.max().item()).toBeLessThanOrEqual(0.5);
    expect(turned.where(images.lt(0.5), images).sub(images).abs().max().item()).toBe(0);
  });
});

const values = {
  name: "tiny-dino",
  model: {
    ...{ name: "vit", dim: 16, depth: 1, heads: 2, patch: 2, imageSize: 8 },
    ...{ hidden: 16, bottleneck: 8, prototypes: 16 },
  },
  data: { name: "synthetic" },
  method: { name: "dino", localCrops: 1, localSize: 4 },
  train: { epochs: 1, batchSize: 160, lr: 0.001, warmupEpochs: 0, threads: 1, device: "cpu", logInterval: 1 },
};
const recipeWith = (more: object = {}) =>
  resolveRecipe([
    { origin: "test", values },
    { origin: "more", values: more },
  ]).recipe;

test("crops of a share are those of the whole batch, view by view", () =>
  scope(() => {
    const images = random(1).uniform([5, 1, 8, 8]);
    const own = [2, 3, 4];
    const whole = drawCrops(images, crops, random(2));
    const part = drawCrops(images.narrow(0, 2, 3), crops, random(2).of({ whole: 5, at: own }));
    for (const [g, views] of [2, crops.localCrops].entries()) {
      const rows = whole[g]!.reshape([views, 5, -1]).narrow(1, 2, 3).toArray();
      expect(part[g]!.reshape([views, 3, -1]).toArray()).toEqual(rows);
    }
  }));

test.each(["dino", "simdino"])(
  "a run of %s trains, is scored beside others and looked into",
  async (objective) => {
    const folder = join(root, objective);
    await trainRun(recipeWith({ method: { objective } }), quietly(folder));
    expect(records(folder).some((record) => "eval/knn" in record)).toBe(true);
    const { numbers, text } = await evaluateRun(folder, { checkpoint: "best", split: "test" });
    for (const who of ["teacher", "untrained", "pixels"])
      for (const how of ["knn", "leastSquares", "lars"]) expect(numbers[`${who}/${how}`]).toBeGreaterThan(10);
    expect(text).toMatch(/raw pixels: 20 nearest neighbours .* %; linear probes/);
    const { figures } = await inspectDino(folder, { checkpoint: "best", split: "test", samples: 40 });
    expect(figures.map((path) => basename(path))).toEqual(
      expect.arrayContaining([objective === "dino" ? "entropies.svg" : "rate.svg", "spectra.svg"]),
    );
  },
);

test("rules between the settings of a recipe are told by key", () => {
  expect(() => recipeWith({ model: { patch: 3 } })).toThrow("3 does not divide model.imageSize 8");
  expect(() => recipeWith({ method: { localSize: 5 } })).toThrow("method.localSize");
  expect(() => recipeWith({ method: { localScale: [0.4, 0.1] } })).toThrow("method.localScale");
  expect(() => recipeWith({ model: { dim: null } })).toThrow("expected for model vit");
  expect(() => recipeWith({ train: { warmupEpochs: 2 } })).toThrow("2 is more than train.epochs 1");
});

/** @file Training leaves behind what its layers do, and is to the bit the same as without: resumed, averaged, for each kind of network. */

import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lastCheckpoint, quietly, records, type Settings, tiny } from "../../test/tiny.ts";
import { measureLayers } from "../measure/index.ts";
import { type LayerProbes, layerProbes } from "../measure/layer-probes.ts";
import { createModel } from "../model/index.ts";
import { random } from "../tensor/index.ts";
import { trainRun } from "./train-run.ts";
import { LayerWatch, sampleCount } from "./watched.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine watched-"));
afterAll(() => rmSync(root, { recursive: true }));

const at = (name: string): string => join(root, name);
const probes = (name: string): (LayerProbes & { step: number })[] =>
  readFileSync(join(at(name), "probes.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as never); // biome-ignore format: short
const train = (name: string, settings: Settings = {}, more: Parameters<typeof quietly>[1] = {}) =>
  trainRun(tiny({ "model.depth": 2, "train.ema": 0.9, ...settings }), quietly(at(name), more));

test("each evaluation leaves a record, and the training is to the bit the one without", async () => {
  await train("with");
  const { look } = LayerWatch.prototype;
  LayerWatch.prototype.look = async () => undefined;
  try {
    await train("without");
  } finally {
    LayerWatch.prototype.look = look;
  }
  expect(existsSync(join(at("without"), "probes.jsonl"))).toBe(false);
  expect(records(at("with"))).toEqual(records(at("without")));
  expect(lastCheckpoint(at("with")).hashes).toEqual(lastCheckpoint(at("without")).hashes);
  const rows = probes("with");
  expect(rows.map(({ step }) => step)).toEqual([10, 20]);
  const [row] = rows;
  expect(row).toMatchObject({ samples: 4, epsilon: 0.5 });
  expect([row!.rc.length, row!.rcHalf.length, row!.sparseUnit.length]).toEqual([3, 2, 2]);
  expect([...row!.rc, ...row!.rcHalf, ...row!.nonZero].every((value) => Number.isFinite(value))).toBe(true);
  const [image] = row!.attention!;
  expect([row!.attention!.length, image!.length, image![0]!.length, image![0]![0]!.length]).toEqual([
    4, 2, 2, 4,
  ]);
});

test("a run that goes on measures no evaluation twice", async () => {
  await train("resumed", {}, { maxSteps: 10 });
  copyFileSync(join(at("resumed"), "probes.jsonl"), at("first"));
  await train("resumed", {}, { resume: "auto" });
  expect(probes("resumed")).toEqual(probes("with"));
  expect(readFileSync(join(at("resumed"), "probes.jsonl"), "utf8")).toContain(
    readFileSync(at("first"), "utf8"),
  );
});

test("the numbers are those of inspect, on the same samples", () => {
  const sizes = { dim: 16, depth: 2, heads: 2, imageSize: 8, patch: 4, channels: 1, classes: 3 };
  using model = createModel("crate", sizes, random(1).at("model"), "classifier");
  using X = random(2).normal([5, 1, 8, 8]);
  const found = layerProbes({ model }, X)!;
  const [stack] = measureLayers(model.eval(), X);
  stack!.layers.forEach((layer, l) => {
    expect(found.rcHalf[l]).toBeCloseTo(layer.paperRate!.mean, 3);
    expect(found.compressionUnit[l]).toBeCloseTo(layer.compressionUnit!.mean, 3);
    expect(found.reductionUnit[l]).toBeCloseTo(layer.reductionUnit!.mean, 3);
    expect(found.rcAuthors[l]).toBeCloseTo(layer.authorsRate!.mean, 3);
    expect(found.rcHalfUnit[l]).toBeCloseTo(layer.paperRateUnit!.mean, 3);
    expect(found.rcUnit[l]! - found.rcHalfUnit[l]!).toBeCloseTo(layer.compressionUnit!.mean, 3);
    expect(found.rate[l]).toBeCloseTo(layer.rateUnit!.mean, 3);
    expect(found.nonZero[l]).toBeCloseTo(layer.nonZero!.mean, 5);
    expect(found.rc[l]! - found.rcHalf[l]!).toBeCloseTo(layer.compression!.mean, 2);
  });
});

test("a black box has no subspaces, a network of convolutions no tokens", () => {
  const sizes = { dim: 16, depth: 1, heads: 2, imageSize: 8, patch: 4, channels: 1, classes: 3 };
  using vit = createModel("vit", sizes, random(1).at("model"), "classifier");
  using X = random(2).normal([2, 1, 8, 8]);
  const found = layerProbes({ model: vit }, X)!;
  expect([found.rc, found.rcHalf, found.sparseUnit]).toEqual([[null, null], [null], [null]]);
  expect(found.rate[0]).toBeGreaterThan(0);
  using resnet = createModel(
    "resnet10mnist",
    { features: 4, imageSize: 28, channels: 1 },
    random(1),
    "encoder",
  );
  using images = random(3).normal([2, 1, 28, 28]);
  expect(layerProbes({ model: resnet.train(true) }, images)).toBeUndefined();
  expect(resnet.training).toBe(true);
});

test("samples are as many as take a hundredth of the time, 4 to 32", () => {
  expect([100, 8000, 60_000, 1e6].map(sampleCount)).toEqual([4, 8, 32, 32]);
});

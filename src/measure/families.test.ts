/** @file Every family of models is measured: what it has, what is left out, and the report that says so. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createModel, modelNames } from "../model/index.ts";
import type { Module } from "../nn/index.ts";
import { memory, ones, random, scope, type Tensor, zeros } from "../tensor/index.ts";
import { BothMeters } from "./both.ts";
import { reportFigures } from "./figures.ts";
import type { Subject } from "./layered.ts";
import { describeModel, makeReport } from "./make-report.ts";
import { readReport, writeReport } from "./report.ts";
import type { ReportLayer } from "./report-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-families-"));
afterAll(() => rmSync(folder, { recursive: true }));

const draws = random(1).at("model");
const images = { dim: 16, depth: 2, heads: 2, patch: 4, imageSize: 8, channels: 3 };
const text = { dim: 16, depth: 2, heads: 2, context: 8, vocabulary: 30 };
const net = { channels: 3, features: 8, width: 8 };

const WHOLE = ["nonZero", "rate", "rateUnit", "spectrum"];
const SUBSPACES = [
  ...["authorsRate", "headRates", "compression", "compressionUnit", "paperRate", "paperRateUnit"],
  ...["reduction", "reductionUnit", "weights", ...WHOLE],
];
const MAPS = ["featureRank", "featureRate", "nonZero", "spectrum"];
const CODED = ["code", ...SUBSPACES];

type Row = [name: string, build: () => Module, has: readonly string[], stacks?: readonly string[]];
const classifier = (name: string, has: readonly string[]): Row => [
  name,
  () => createModel(name, { ...images, classes: 3 }, draws, "classifier"),
  has,
];
const BOTH = ["encoder", "decoder"];
const decoder = { decoderDim: 8, decoderDepth: 1, decoderHeads: 2 };

const ROWS: Row[] = [
  classifier("crate", SUBSPACES),
  classifier("crate_alpha", CODED),
  classifier("aot", SUBSPACES),
  classifier("tost", SUBSPACES),
  classifier("vit", WHOLE),
  classifier("crate_mae", SUBSPACES),
  ["crate trunk", () => createModel("crate", images, draws), SUBSPACES],
  ["vit trunk", () => createModel("vit", images, draws), WHOLE],
  ["crate_mae, decoder", () => createModel("crate_mae", images, draws), SUBSPACES, BOTH],
  ["vit_mae, decoder", () => createModel("vit_mae", { ...images, ...decoder }, draws), WHOLE, BOTH],
  ...modelNames("language").map((name): Row => {
    const has = /^(crate_lm|crate_alpha)/.test(name)
      ? CODED
      : /^(crate|aot|tost)/.test(name)
        ? SUBSPACES
        : WHOLE;
    return [name, () => createModel(name, text, draws, "language"), has];
  }),
  ...["resnet10mnist", "resnet18", "resnet18ctrl", "resnet18stl", "resnext29", "vgg11"].map(
    (name): Row => [name, () => createModel(name, { features: 16 }, draws, "encoder"), MAPS],
  ),
  ["nmce", () => createModel("nmce", { hidden: 32, features: 16 }, draws, "encoder"), MAPS],
  ...["ctrl_mnist", "ctrl_cifar_double", "ctrl_sngan_32"].map((name): Row => {
    const build = () => {
      const { encoder, decoder } = createModel(name, { ...net, width: 16 }, draws, "pair");
      decoder.dispose();
      return encoder;
    };
    return [name, build, MAPS];
  }),
];

/** How a batch goes through, and a batch of two. */
function given(model: Module): { subject: Subject; inputs: () => Tensor } {
  const { options = {} } = model as { options?: Record<string, unknown> };
  if ("context" in options) return { subject: { model }, inputs: () => ones([2, 8], { dtype: "int64" }) };
  if (!("patch" in options)) {
    const channels = (options.channels as number | undefined) ?? 3;
    return { subject: { model }, inputs: () => random(2).normal([2, channels, 32, 32]) };
  }
  const image = () => random(2).normal([2, 3, 8, 8]);
  if (!("decoder" in model)) return { subject: { model }, inputs: image };
  return { subject: { model, run: (X) => model.apply(X, zeros([X.size(0), 4])) }, inputs: image };
}

test.each(ROWS)("%s", (name, build, has, stacks = ["layers"]) => {
  const before = memory().tensors;
  {
    using model = build().eval();
    const { subject, inputs } = given(model);
    const meters = new BothMeters({ before: subject, after: subject }, { spectra: 1 });
    scope(() => meters.add(inputs()));
    const layers = meters.layers();
    const report = makeReport({ name: "family", model: describeModel(name, model), samples: 2, layers });
    const file = join(folder, "report.json");
    writeReport(file, report);
    expect(readReport(file)).toEqual(report);
    expect(report.layers!.map((stack) => stack.name)).toEqual(stacks);
    for (const { before, after } of report.layers!) {
      expect(after.length).toBeGreaterThan(0);
      expect(before).toEqual(after); // the same weights, the same numbers
      for (const layer of after) expect(Object.keys(layer).sort()).toEqual([...has].sort());
      for (const layer of after) expect(numbersIn(layer).length).toBeGreaterThan(3);
    }
    expect(report.notes.length).toBe(has.includes("paperRate") ? 0 : stacks.length);
    for (const { svg } of reportFigures(report).values()) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
  expect(memory().tensors).toBe(before);
});

const numbersIn = (tree: ReportLayer): number[] =>
  JSON.stringify(tree)
    .match(/-?\d+(\.\d+)?/g)
    ?.map(Number) ?? [];

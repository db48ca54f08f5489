/** @file A classifier from a file: at other sizes, and with what no tensor tells. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { look } from "../evaluate/segment/index.ts";
import { createModel } from "../model/index.ts";
import { noGrad, random, saveTensors, scope } from "../tensor/index.ts";
import { openModel } from "./open-model.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine open-"));
afterAll(() => rmSync(root, { recursive: true }));

const small = { dim: 32, depth: 2, heads: 4, imageSize: 16, patch: 4, channels: 1, classes: 5 };

test("weights from a file at other sizes, oblong too; the heads must be told", () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-segment-"));
  try {
    const path = join(folder, "w.safetensors");
    using model = createModel("crate", small, random(1).at("model"));
    saveTensors(path, model.stateDict());
    expect(() => openModel(path)).toThrow("give --heads");
    using same = openModel(path, { heads: 4 }).model;
    using image = random(2).normal([1, 16, 16]);
    const [a, b] = [model, same].map((net) =>
      noGrad(() => scope(() => net.apply(image.unsqueeze(0)).numbers())),
    );
    expect(a).toEqual(b);
    using wide = openModel(path, { heads: 4, size: [16, 32] }).model;
    using long = random(3).normal([1, 16, 32]);
    using seen = look(wide, long);
    expect([seen.grid, seen.maps[0]![0]!.length]).toEqual([[4, 8], 32]);
    expect(() => openModel(path, { heads: 4, size: [18, 16] })).toThrow(
      "expected a multiple of the patch 4, got 18 × 16",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file opens with heads of the width that its tensors have, and says what it assumed", () => {
  const path = join(root, "narrow.safetensors");
  const sizes = { dim: 16, depth: 1, heads: 2, headDim: 4, patch: 4, imageSize: 8, classes: 3 };
  using model = createModel("crate", sizes, random(1));
  scope(() => saveTensors(path, model.stateDict()));
  const { model: opened, notes } = openModel(path, { heads: 2 });
  using _ = opened;
  expect(opened.options).toMatchObject({ heads: 2, headDim: 4 });
  expect(notes).toEqual([
    `${path}: no tensor tells, so assumed: η 0.1 and λ 0.1; pixels normalised by ImageNet's mean and deviation`,
  ]);
});

test.each([
  ["crate", "a stem of convolutions, learned steps", { stem: "convolutions", learnedSteps: true }],
  ["crate", "a step of each head", { tiedOutput: true, headSteps: true }],
  ["crate", "bases by a Cayley map", { subspaces: "orthonormal" }],
  ["crate", "bases of all heads by a Cayley map", { subspaces: "orthogonal" }],
  ["crate_alpha", "a stem of convolutions", { stem: "convolutions" }],
  ["vit", "a stem of convolutions", { stem: "convolutions" }],
] as const)("what tensors tell is not asked for: %s, %s", (name, _, settings) => {
  const path = join(root, "told.safetensors");
  using model = createModel(name, { ...small, ...settings }, random(1));
  scope(() => saveTensors(path, model.stateDict()));
  using opened = openModel(path, { heads: 4 }).model;
  expect(opened.options).toMatchObject(settings);
  using image = random(2).normal([2, 1, 16, 16]);
  const [a, b] = [model.eval(), opened].map((net) => noGrad(() => scope(() => net.apply(image).numbers())));
  expect(a).toEqual(b);
});

test("settings in the file itself are used, and so are said", () => {
  const path = join(root, "own.safetensors");
  const sizes = { dim: 16, depth: 1, heads: 4, patch: 4, imageSize: 8, classes: 3 };
  using model = createModel("crate", sizes, random(1));
  scope(() =>
    saveTensors(path, model.stateDict(), new Map([["model", JSON.stringify({ ...sizes, lambda: 0.3 })]])),
  );
  const { model: opened, notes } = openModel(path);
  using _ = opened;
  expect(opened.options).toMatchObject({ heads: 4, lambda: 0.3 });
  expect(notes[0]).toBe(`${path}: settings are those that it was converted with`);
  expect(notes[1]).not.toContain("λ");
});

/** @file Networks of other libraries give what PyTorch gives: fixtures by test/layouts/make.py. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createModel } from "../../../model/index.ts";
import { type Module, record } from "../../../nn/index.ts";
import { loadTensors, noGrad, random, saveTensors, scope, type Tensor } from "../../../tensor/index.ts";
import { readWeights } from "../read.ts";
import { recognise } from "../recognise.ts";
import { recogniseLanguage } from "../recognise-names.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-layouts-"));
afterAll(() => rmSync(root, { recursive: true }));
const fixtures = join(import.meta.dirname, "../../../../test/layouts");
const names = readdirSync(fixtures).filter((name) => name.endsWith(".safetensors"));

test("there is a fixture of each layout", () => expect(names).toHaveLength(13));

test.each(names)("%s: every layer and its attention are PyTorch's", (name) => {
  const { tensors, metadata } = loadTensors(join(fixtures, name));
  const folder = join(root, name);
  mkdirSync(folder);
  const path = join(folder, "model.safetensors");
  const theirs = [...tensors].filter(([key]) => key.startsWith("model/"));
  saveTensors(path, new Map(theirs.map(([key, value]) => [key.slice("model/".length), value])));
  writeFileSync(join(folder, "config.json"), metadata.get("config")!);
  using weights = readWeights(path);
  if (name !== "timm-vit.safetensors") expect(weights.notes.join("\n")).toContain("names are those of"); // ours are timm's
  using model = opened(weights);
  const own = model.stateDict();
  noGrad(() => {
    for (const [key, value] of weights.tensors)
      expect([key, own.get(key)?.shape]).toEqual([key, value.shape]);
    for (const [key, value] of weights.tensors) own.get(key)!.copy_(value);
  });
  const input = tensors.get("input")!;
  const probes = ["tokens", "block.*", "block.*.*.attention"];
  const { result, found } = noGrad(() => record(model, probes, () => model.apply(input), "allowed"));
  const near = (ours: Tensor, given: Tensor) =>
    scope(() => {
      const largest = ours.sub(given).abs().max().item();
      expect(largest).toBeLessThan(2e-5 * (1 + given.abs().max().item()));
    });
  near(result, tensors.get("output")!);
  for (let l = 0; l <= 2; l++)
    near(found.get(l === 0 ? "tokens" : `block.${l - 1}`)!, tensors.get(`hidden/${l}`)!);
  for (let l = 0; l < 2; l++) {
    const attention = [...found].find(
      ([probe]) => probe.startsWith(`block.${l}.`) && probe.endsWith("attention"),
    );
    near(attention![1], tensors.get(`attention/${l}`)!);
  }
  for (const value of [result, ...found.values(), ...tensors.values()]) value.dispose();
});

/** The network that the settings and shapes tell, by the registry. */
function opened({ tensors, model = {} }: ReturnType<typeof readWeights>): Module {
  const { name = "vit", ...rest } = model as { name?: string };
  const heads = { heads: 2, ...rest };
  if (name === "vit") {
    const { dim, depth, patch, imageSize, classes } = recognise(tensors, model)!;
    const sizes = { dim, depth, patch, imageSize, ...(classes && { classes }), channels: 3 };
    return createModel("vit", { ...sizes, ...heads }, random(1));
  }
  const { family, ...sizes } = recogniseLanguage(tensors)!;
  expect(family).toBe(name);
  return createModel(name, { ...sizes, ...heads }, random(1), "language");
}

import { expect, test } from "vitest";
import { z } from "zod";
import { Module } from "../nn/index.ts";
import { random, type Tensor, zeros } from "../tensor/index.ts";
import type { Family, FormName } from "./family.ts";
import {
  createModel,
  familiesOf,
  models,
  parameterCount,
  registerFamily,
  settledFamilies,
} from "./registry.ts";

// crate.md §2.5: counts of the official classes
test.each([
  ["crate_tiny", 224, 16, 1000, 6_090_856],
  ["crate_small", 224, 16, 1000, 13_116_328],
  ["crate_base", 224, 16, 1000, 22_796_008],
  ["crate_large", 224, 16, 1000, 77_641_192],
  ["crate_tiny", 224, 8, 21_841, 14_118_097],
  ["crate_small", 224, 32, 1000, 14_363_368],
  ["crate_base", 64, 8, 200, 21_635_912],
  ["crate_large", 32, 4, 100, 75_844_804],
  ["CRATE_tiny", 96, 12, 10, 5_529_322],
  ["vit_tiny", 224, 16, 1000, 5_717_416],
  ["vit_small", 224, 16, 1000, 22_050_664],
  ["vit_base", 224, 16, 1000, 86_567_656],
  ["vit_large", 224, 16, 1000, 304_326_632],
  ["crate_alpha_tiny", 224, 32, 1000, 5_226_088],
  ["crate_alpha_small", 224, 16, 1000, 40_975_912],
  ["crate_alpha_base", 224, 16, 1000, 72_328_936],
  ["crate_alpha_large", 224, 14, 1000, 253_650_920],
  ["crate_alpha_huge", 224, 16, 1000, 526_973_160],
  ["crate_alpha_base", 32, 4, 10, 70_913_290],
  ["tost_tiny12", 224, 16, 1000, 5_769_328],
  ["tost_small12", 224, 16, 1000, 22_589_944],
  ["tost_small12", 224, 8, 1000, 22_549_672],
  ["tost_tiny24", 224, 16, 1000, 10_223_008],
  ["tost_small24", 224, 16, 1000, 40_344_664],
  ["tost_medium24", 224, 16, 1000, 71_481_064],
  ["tost_large24", 224, 16, 1000, 160_286_920],
])("%s at %d/%d with %d classes has %d parameters", (name, imageSize, patch, classes, count) => {
  expect(parameterCount(name, { imageSize, patch, classes })).toBe(count);
});

test.each(["crate_tiny", "vit_tiny", "crate_alpha_tiny", "tost_tiny12"])(
  "the count by formula is the count of %s built",
  (name) => {
    const options = { imageSize: 32, patch: 4, classes: 10 };
    using model = createModel(name, options, random(0));
    expect(model.parameterCount()).toBe(parameterCount(name, options));
  },
);

test.each(["crate", "crate_alpha", "aot", "tost", "vit"])("%s alone is of any size", (name) => {
  const options = { dim: 24, depth: 2, heads: 2, imageSize: 16, patch: 4, classes: 5, channels: 1 };
  using model = createModel(name, options, random(0));
  expect(model.parameterCount()).toBe(parameterCount(name, options));
});

test.each(["crate", "crate_alpha", "aot", "vit"])("%s takes ToST's stem before its layers", (name) => {
  const options = { dim: 24, depth: 2, heads: 2, imageSize: 16, patch: 8, classes: 5, channels: 1 };
  const stemmed = { ...options, stem: "convolutions" };
  using model = createModel(name, stemmed, random(0));
  expect(model.parameterCount()).toBe(parameterCount(name, stemmed));
  const stemOf = (net: Module) =>
    [...net.stateDict()].flatMap(([key, { shape }]) =>
      key.startsWith("patch_embed.") ? [`${key} ${shape}`] : [],
    );
  using tost = createModel("tost", options, random(0));
  expect(stemOf(model)).toEqual(stemOf(tost));
  expect(() => createModel(name, { ...stemmed, imageSize: 18, patch: 6 }, random(0))).toThrow(
    "model.patch: 6 is no power of two from 2 on, which a stem halves down to",
  );
});

/** Options small enough to build any model with. */
const SMALL: Record<FormName, object> = {
  classifier: { dim: 24, depth: 2, heads: 2, imageSize: [8, 16], patch: [4, 8], classes: 5, channels: 1 },
  backbone: { dim: 24, depth: 2, heads: 2, imageSize: [8, 16], patch: [4, 8], channels: 1 },
  autoencoder: { dim: 24, depth: 2, heads: 2, imageSize: [8, 16], patch: [4, 8], channels: 1 },
  encoder: { features: 16, channels: 1 },
  pair: { features: 16, channels: 1, width: 32 },
  language: { dim: 24, depth: 2, heads: 2, context: 8, vocabulary: 11 },
};
const RESIDUAL = { width: 4, blocks: 2, stride: 2, imageSize: [8, 16], classes: 5, channels: 1 };
const DECODER = { decoderDim: 16, decoderDepth: 1, decoderHeads: 2, qkvBias: false };
const everyForm = familiesOf().flatMap(({ name, forms }) =>
  (Object.keys(forms) as FormName[]).map((form) => [name, form] as const),
);

test.each(everyForm)("the count by formula is the count of %s built as %s", (name, form) => {
  const options = name === "resnet" ? RESIDUAL : { ...SMALL[form], ...(name === "vit_mae" && DECODER) };
  const built = createModel(name, options, random(0), form);
  const parts = "decoder" in built && "encoder" in built ? [built.encoder, built.decoder] : [built];
  const count = (parts as Module[]).reduce((sum, part) => sum + part.parameterCount(), 0);
  for (const part of parts as Module[]) part.dispose();
  expect(count).toBe(parameterCount(name, options, form));
});

test("an option that a family does not know is refused with the nearest name", () => {
  const options = { imageSize: 8, patch: 4, classes: 3, depth: 1 };
  const build = (name: string, more: object) => () => createModel(name, { ...options, ...more }, random(0));
  expect(build("vit_tiny", { lambda: 0.2 })).toThrow("model.lambda: vit_tiny has no such option; it has dim");
  expect(build("crate_tiny", { lamda: 0.2 })).toThrow('did you mean "lambda"');
});

test("a family from elsewhere is listed, built and counted; its names must be new, and come before recipes are read", () => {
  class Toy extends Module {
    readonly W = this.parameter("W", zeros([3, 2]));
    protected forward(X: Tensor): Tensor {
      return X.mean([2, 3]).linear(this.W);
    }
  }
  const toy: Family = {
    name: "toy",
    about: "the mean of each channel",
    forms: {
      classifier: {
        options: z.strictObject({ imageSize: z.int().default(8) }),
        given: ["classes", "channels"],
        build: () => new Toy(),
        count: () => 6,
      },
    },
    shown: { imageSize: 8 },
  };
  registerFamily(toy);
  expect(models().find(({ name }) => name === "toy")).toMatchObject({ parameters: 6, forms: ["classifier"] });
  using built = createModel("toy", { classes: 3, channels: 2 }, random(0), "classifier");
  expect(built.parameterCount()).toBe(parameterCount("toy", {}));
  expect(() => registerFamily(toy)).toThrow('"toy" is there already');
  settledFamilies("classifier");
  expect(() => registerFamily({ ...toy, name: "other" })).toThrow(
    "register families before the first recipe",
  );
});

test.each(["crate", "aot", "crate_mae"])(
  "one head as wide as the tokens of a %s has no output matrix",
  (name) => {
    const options = { dim: 16, depth: 1, heads: 1, imageSize: 8, patch: 4, classes: 3 };
    using bare = createModel(name, options, random(0), "classifier");
    using wide = createModel(name, { ...options, headDim: 32 }, random(0), "classifier");
    const outputs = (model: Module) => [...model.stateDict().keys()].filter((key) => key.includes("to_out"));
    expect([outputs(bare).length, outputs(wide).length]).toEqual([0, 2]);
    expect(bare.parameterCount()).toBe(parameterCount(name, options, "classifier"));
  },
);

test("odd head sizes and tied outputs are counted too", () => {
  const options = {
    dim: 24,
    depth: 2,
    heads: 2,
    headDim: 16,
    imageSize: 16,
    patch: 4,
    classes: 5,
    tiedOutput: true,
  };
  for (const headSteps of [false, true]) {
    using model = createModel("crate", { ...options, headSteps }, random(0));
    expect(model.parameterCount()).toBe(parameterCount("crate", { ...options, headSteps }));
  }
});

test("errors name what was expected", () => {
  const options = { imageSize: 30, patch: 4, classes: 10 };
  expect(() => createModel("crate_tinny", options, random(0))).toThrow('did you mean "crate_tiny"');
  expect(() => createModel("crate", options, random(0))).toThrow(
    "model.dim: expected for model crate; give it",
  );
  expect(() => createModel("crate_tiny", { ...options, imageSize: 32, headSteps: true }, random(0))).toThrow(
    "set model.tiedOutput",
  );
  expect(() => createModel("crate_tiny", options, random(0))).toThrow(
    "model.patch: 4 does not divide model.imageSize 30; 2, 3, 5, 6, 10, 15 do",
  );
  expect(models().map((model) => model.name)).toContain("crate_large");
});

test("sizes that are given win over those of the name", () => {
  const shape = { imageSize: 8, patch: 4, classes: 3 };
  using shallow = createModel("crate_tiny", { ...shape, depth: 2 }, random(0));
  expect(shallow.options).toMatchObject({ dim: 384, depth: 2, heads: 6, headDim: 64 });
  expect(shallow.blocks).toHaveLength(2);
  expect(shallow.parameterCount()).toBe(parameterCount("crate_tiny", { ...shape, depth: 2 }));
  using narrow = createModel("crate_tiny", { ...shape, dim: 48, depth: 1, heads: 4, headDim: 8 }, random(0));
  expect(narrow.namedParameters().get("transformer.layers.0.0.fn.qkv.weight")!.shape).toEqual([32, 48]);
  using vit = createModel("vit_tiny", { ...shape, depth: 1, heads: 4 }, random(0));
  expect(vit.options).toMatchObject({ dim: 192, depth: 1, heads: 4 });
  expect(() => createModel("crate_tiny", { ...shape, heads: 5 }, random(0))).toThrow(
    "model.heads: 5 does not divide model.dim 384",
  );
});

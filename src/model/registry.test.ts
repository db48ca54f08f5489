import { expect, test } from "vitest";
import { random } from "../tensor/index.ts";
import { createModel, models, parameterCount } from "./registry.ts";

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
  using model = createModel("crate", options, random(0));
  expect(model.parameterCount()).toBe(parameterCount("crate", options));
});

test("errors name what was expected", () => {
  const options = { imageSize: 30, patch: 4, classes: 10 };
  expect(() => createModel("crate_tinny", options, random(0))).toThrow('did you mean "crate_tiny"');
  expect(() => createModel("crate", options, random(0))).toThrow("expected dim, depth and heads");
  expect(() => createModel("crate_tiny", options, random(0))).toThrow(
    "expected a multiple of the patch 4, got 30",
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
  expect(() => createModel("crate_tiny", { ...shape, heads: 5 }, random(0))).toThrow("got 384 and 5");
});

import { expect, test } from "vitest";
import { createModel, familiesOf } from "../../model/index.ts";
import type { Module } from "../../nn/index.ts";
import { random } from "../../tensor/index.ts";
import { describeTensors } from "./describe.ts";
import { recognise } from "./recognise.ts";
import { recogniseClosedLoop, recogniseLanguage } from "./recognise-names.ts";

const sizes = { dim: 16, depth: 2, heads: 4, context: 6, vocabulary: 10 };

test.each(familiesOf("language").map(({ name }) => name))("%s is known by its names and shapes", (name) => {
  using model = createModel(name, sizes, random(1), "language") as Module;
  const { heads: _, ...rest } = sizes;
  expect(recogniseLanguage(model.stateDict())).toEqual({ family: name, ...rest });
  const bare = new Map([...model.stateDict()].filter(([key]) => !/^(cls|lm_head)\./.test(key)));
  expect(recogniseLanguage(bare)?.family).toBe(name);
});

test.each(["crate", "crate_alpha", "tost", "vit"])(
  "%s is known as an image network, and its sizes",
  (name) => {
    using model = createModel(
      name,
      { dim: 16, depth: 2, heads: 4, patch: 4, imageSize: 224, classes: 3 },
      random(1),
    ) as Module;
    const found = recognise(model.stateDict());
    expect(found).toMatchObject({ family: name, dim: 16, depth: 2, patch: 4, imageSize: 224, classes: 3 });
    expect([found!.heads, found!.told]).toEqual(name === "tost" ? [4, true] : [undefined, undefined]);
    expect(recogniseLanguage(model.stateDict())).toBeUndefined();
  },
);

test("AoT is not taken for a CRATE", () => {
  using model = createModel(
    "aot",
    { dim: 16, depth: 1, heads: 2, patch: 4, imageSize: 8, classes: 3 },
    random(1),
  );
  expect(recognise(model.stateDict())).toBeUndefined();
});

test("nets of a closed loop are known by their names", () => {
  const { encoder, decoder } = createModel("ctrl_cifar", { channels: 3 }, random(1), "pair");
  expect(recogniseClosedLoop(encoder.stateDict())).toMatch(/^encoder of .*\bctrl_cifar\b/);
  expect(describeTensors(decoder.stateDict(), {})).toMatch(/^decoder of .*\bctrl_cifar\b/);
  expect(recogniseClosedLoop(new Map([["w", { shape: [1] }]]))).toBeUndefined();
  encoder.dispose();
  decoder.dispose();
});

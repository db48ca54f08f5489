/** @file Where a network stops being finite. */

import { expect, test } from "vitest";
import { createModel } from "../model/index.ts";
import type { Module } from "../nn/index.ts";
import { noGrad, random, type Tensor } from "../tensor/index.ts";
import { firstNotFinite } from "./locate.ts";

const sizes = { dim: 16, depth: 2, heads: 2, imageSize: 8, patch: 4, classes: 3 };

/** What is said after `spoil` has had its way with the network or the images. */
function found(name: "crate" | "vit", spoil: (model: Module, images: Tensor) => void): string | undefined {
  using model = createModel(name, sizes, random(0));
  using images = random(1).normal([2, 3, 8, 8]);
  noGrad(() => spoil(model, images));
  return firstNotFinite(model, [images]);
}
const scale = (parameter: string, by: number) => (model: Module) => {
  model.namedParameters().get(parameter)!.mul_(by);
};

test.each(["crate", "vit"] as const)("nothing is said of a healthy %s", (name) => {
  expect(found(name, () => {})).toBeUndefined();
});

test("the input comes before the parameters, and these before what is computed", () => {
  const everything = (model: Module, images: Tensor) => {
    images.mul_(Number.NaN);
    scale("mlp_head.1.bias", Number.POSITIVE_INFINITY)(model);
  };
  expect(found("crate", everything)).toBe("the input");
  expect(found("crate", scale("transformer.layers.1.1.fn.weight", Number.NaN))).toBe(
    "the parameter transformer.layers.1.1.fn.weight",
  );
});

test("of outputs, the first in the order of computation", () => {
  expect(found("crate", scale("transformer.layers.1.1.fn.weight", 1e30))).toBe("the output of block.1.ista");
  expect(found("crate", scale("to_patch_embedding.2.weight", 3e38))).toBe("the output of embedding.linear");
  expect(found("vit", scale("norm.weight", 3e38))).toBe("the output of norm");
});

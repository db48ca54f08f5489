/** @file Operations of every family that is compared, against sums written out by hand. */

import { expect, test } from "vitest";
import { createModel } from "../model/index.ts";
import type { Module } from "../nn/index.ts";
import { aten, memory, operator, random, runMany, scope, tensor } from "../tensor/index.ts";
import { countFlops } from "./flops.ts";

const images = { imageSize: 8, channels: 3, classes: 5 };
const tokens = { ...images, patch: 4, dim: 16, depth: 2, heads: 2 };
const [N, P, d, L, C] = [4, 48, 16, 2, 5];
const n = N + 1;
const patches = N * P * d;
const head = d * C;
const mssa = 2 * n * d * d + 2 * n * n * d;
const mlp = (tokens: number) => 2 * tokens * d * 4 * d;

/** Basic blocks of 3 × 3 convolutions over H² pixels, with a 1 × 1 shortcut where the width changes. */
const stage = (H: number, from: number, to: number, blocks: number) =>
  H * H * (9 * (from * to + (2 * blocks - 1) * to * to) + (from === to ? 0 : from * to));
const [w, H] = [4, 8];

/** Multiplications of one image, and those of weights. */
const CASES: Record<string, [options: object, perInput: number, ofWeights: number]> = {
  crate: [tokens, patches + L * (mssa + n * d * d) + head, L * d ** 3],
  aot: [tokens, patches + L * mssa + head, 0],
  // a code takes three products with 4 d atoms, decoding it a fourth
  crate_alpha: [tokens, patches + L * (mssa + 4 * n * d * 4 * d) + head, 0],
  vit: [tokens, patches + L * (4 * n * d * d + 2 * n * n * d + mlp(n)) + head, 0],
  resnet: [
    { ...images, width: w, blocks: 2 },
    H * H * 9 * 3 * w +
      stage(H, w, w, 2) +
      stage(H / 2, w, 2 * w, 2) +
      stage(H / 4, 2 * w, 4 * w, 2) +
      4 * w * C,
    0,
  ],
};

const built = (name: string, options: object) =>
  createModel(name, options as never, random(1)).eval() as unknown as Module;
const count = (name: string, options: object, b = 1) =>
  scope(() => {
    using model = built(name, options);
    const X = random(2).normal([b, 3, 8, 8]);
    return countFlops([X], () => model.apply(X));
  });

test.each(Object.entries(CASES))("%s", (name, [options, perInput, ofWeights]) => {
  expect(count(name, options)).toEqual({ perInput: 2 * perInput, ofWeights: 2 * ofWeights });
  expect(count(name, options, 3)).toEqual({ perInput: 6 * perInput, ofWeights: 2 * ofWeights });
});

test("a sum and its norm in one operator, as on a GPU, are no products", () => {
  scope(() => {
    const [X, w] = [random(0).normal([2, 4]), random(1).normal([4])];
    const op = operator("vitrine::add_layer_norm");
    const body = () => runMany(op, X.h, X.h, w.h, w.h, 1e-5)[1]!.matmul(random(2).normal([4, 3]));
    expect(countFlops([X], body)).toEqual({ perInput: 2 * 2 * 4 * 3, ofWeights: 0 });
  });
});

test("bases by a Cayley map: of weights alone, and the pass is that of any CRATE", () => {
  const [K, p] = [2, d / 2];
  const found = count("crate", { ...tokens, subspaces: "orthonormal" });
  expect(found.perInput).toBe(count("crate", tokens).perInput);
  // of each head M₂ M₂ᵀ, the inverse of S, S⁻ᵀ M₂
  expect(found.ofWeights).toBe(2 * L * (d ** 3 + K * (2 * p * p * (d - p) + p ** 3)));
});

test("tost: linear in the tokens but for the class token's two blocks, which are linear too", () => {
  const layer = 2 * d * d + d + mlp(1); // U and W, second moments, the MLP: of each token
  const of = (side: number) =>
    scope(() => {
      using model = built("tost", { ...tokens, imageSize: side });
      const X = random(2).normal([1, 3, side, side]);
      using without = built("tost", { ...tokens, depth: 1, imageSize: side });
      const run = (net: Module) => countFlops([X], () => net.apply(X)).perInput;
      return { tokens: (side / 4) ** 2, layer: run(model) - run(without) };
    });
  for (const side of [8, 16, 32]) {
    const { tokens, layer: found } = of(side);
    expect(found).toBe(2 * tokens * layer);
  }
});

test("what is not there to be counted is refused, and nothing is held", () => {
  const before = memory();
  scope(() => {
    const A = tensor([[1, 2], [3, 4]]); // biome-ignore format: short
    expect(countFlops([A], () => A.matmul(A.T).add(A).softmax(-1))).toEqual({
      perInput: 2 * 8,
      ofWeights: 0,
    });
    expect(() => countFlops([A], () => aten("logdet", A))).toThrow("counting operations: there is no rule for logdet"); // biome-ignore format: short
  });
  expect(memory()).toEqual(before);
});

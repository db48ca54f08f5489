import { expect, test } from "vitest";
import { random, scope, type Tensor } from "../../tensor/index.ts";
import { headsInWeights } from "./heads-in-weights.ts";

/** U of K heads: rows of one head share `alike` of their direction. */
const weights = (K: number, p: number, alike: number): Map<string, Tensor> => {
  const stream = random(1);
  const common = stream.at("common").normal([K, 1, 48]);
  const own = stream.at("own").normal([K, p, 48]);
  return new Map([["transformer.layers.0.0.fn.qkv.weight", own.add(common.mul(alike)).reshape([K * p, 48])]]);
};

test.each([
  [2, 16],
  [4, 8],
  [6, 8],
  [12, 4],
])("%i heads of %i are seen where their vectors are alike", (K, p) =>
  scope(() => {
    expect(headsInWeights(weights(K, p, 0.7))?.heads).toBe(K);
  }),
);

test("random weights show no heads, and neither do other networks", () =>
  scope(() => {
    expect(headsInWeights(weights(4, 8, 0))).toBeUndefined();
    expect(
      headsInWeights(new Map([["blocks.0.attn.qkv.weight", random(1).normal([48, 16])]])),
    ).toBeUndefined();
    expect(headsInWeights(new Map())).toBeUndefined();
  }));

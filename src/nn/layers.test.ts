import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { arange, gradients, random, scope, type Tensor, tensor } from "../tensor/index.ts";
import {
  attention,
  attentionWeights,
  kaimingUniform,
  LayerNorm,
  linearUniform,
  patchify,
  truncatedNormal,
} from "./index.ts";

test("LayerNorm centres and scales with the biased variance; a constant row gives the bias", () => {
  using layer = scope(() => new LayerNorm(4));
  scope(() => {
    const root = Math.sqrt(1.25 + 1e-5);
    const rows = layer.apply(
      tensor([
        [1, 2, 3, 4],
        [7, 7, 7, 7],
      ]),
    );
    expectClose(rows, [
      [-1.5 / root, -0.5 / root, 0.5 / root, 1.5 / root],
      [0, 0, 0, 0],
    ]);
  });
});

describe("attention", () => {
  const inputs = () =>
    random(0).at("qkv").normal([3, 2, 2, 7, 5], { dtype: "float64" }).unbind(0) as [Tensor, Tensor, Tensor];

  test.each([
    ["plain", {}],
    ["scaled", { scale: 0.3 }],
    ["causal", { causal: true }],
  ])("fused equals explicit, %s, values and gradients", (_, options) => {
    scope(() => {
      const [Q, K, V] = inputs().map((t) => t.detach().setRequiresGrad()) as [Tensor, Tensor, Tensor];
      const weight = random(1).normal([2, 2, 7, 5], { dtype: "float64" });
      const both = [attention(Q, K, V, options), attentionWeights(Q, K, options).matmul(V)] as const;
      expectClose(both[0], both[1]);
      const [fused, explicit] = both.map((output) => gradients(output.mul(weight).sum(), [Q, K, V]));
      for (const [i, gradient] of fused!.entries()) expectClose(gradient, explicit![i]!);
    });
  });

  test("weights are a distribution over the tokens, over the past when causal", () => {
    scope(() => {
      const [Q, K] = inputs();
      expectClose(attentionWeights(Q, K).sum(-1), attentionWeights(Q, K).sum(-1).mul(0).add(1));
      const causal = attentionWeights(Q, K, { causal: true });
      expect(causal.triu(1).abs().max().item()).toBe(0);
    });
  });

  test("large scores stay finite", () => {
    scope(() => {
      const [Q, K, V] = inputs().map((t) => t.mul(1e3)) as [Tensor, Tensor, Tensor];
      expect(attention(Q, K, V).isFinite().all().item()).toBe(1);
    });
  });
});

describe("patchify", () => {
  // value = 1000 c + 10 y + x, as crate.md §9 asks
  const ramp = () =>
    arange(3, { dtype: "float32" })
      .mul(1000)
      .reshape([3, 1, 1])
      .add(arange(12, { dtype: "float32" }).mul(10).reshape([12, 1]))
      .add(arange(8, { dtype: "float32" }))
      .unsqueeze(0);

  test("tokens go row by row over the grid, inside a patch row, column, channel", () => {
    scope(() => {
      const patches = patchify(ramp(), 4);
      expect(patches.shape).toEqual([1, 6, 48]);
      expect(patches.select(1, 0).narrow(1, 0, 6).toArray()).toEqual([[0, 1000, 2000, 1, 1001, 2001]]);
      expect(patches.select(1, 1).narrow(1, 0, 3).toArray()).toEqual([[4, 1004, 2004]]);
      expect(patches.select(1, 2).narrow(1, 0, 3).toArray()).toEqual([[40, 1040, 2040]]);
    });
  });

  test("a size that the patch does not divide is refused", () => {
    expect(() => scope(() => patchify(ramp(), 5))).toThrow("divisible by the patch 5, got 12 × 8");
  });
});

test.each([
  ["kaimingUniform", () => kaimingUniform([256, 256], random(1)), Math.sqrt(6 / 256), Math.sqrt(2 / 256)],
  ["linearUniform", () => linearUniform([256, 256], 256, random(2)), 1 / 16, 1 / 16 / Math.sqrt(3)],
])("%s has PyTorch's bound and deviation", (_, draw, bound, deviation) => {
  scope(() => {
    const W = draw();
    expect(W.abs().max().item()).toBeLessThanOrEqual(bound);
    expect(W.abs().max().item()).toBeGreaterThan(0.999 * bound);
    expect(Math.abs(W.std().item() / deviation - 1)).toBeLessThan(0.01);
    expect(Math.abs(W.mean().item())).toBeLessThan(0.01 * bound);
  });
});

test("truncatedNormal has its deviation", () => {
  scope(() => {
    const W = truncatedNormal([300, 300], random(3));
    expect(Math.abs(W.std().item() / 0.02 - 1)).toBeLessThan(0.01);
  });
});

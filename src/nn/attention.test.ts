/** @file Self-attention in one operator against its formula, its gradient against autograd. */

import { describe, expect, it } from "vitest";
import { expectClose } from "../../test/close.ts";
import { arange, gradients, random, scope, type Tensor } from "../tensor/index.ts";
import { profile } from "../tensor/profile.ts";
import { attentionWeights, selfAttention } from "./attention.ts";

/** softmax(W Wᵀ / √p) W, [b, n, K, p] → [b, n, K, p], in operators that autograd knows. */
function explicit(W: Tensor, causal = false): Tensor {
  const rows = W.transpose(1, 2); //                                            [b, K, n, p]
  return attentionWeights(rows, rows, { causal }).matmul(rows).transpose(1, 2);
}

/** Value and gradient against those in double precision. */
function expectExact(W: Tensor, causal: boolean): void {
  const outer = random(2).normal(W.shape);
  const wide = W.detach().to("float64").setRequiresGrad();
  const expected = explicit(wide, causal);
  const ours = selfAttention(W, { causal });
  expectClose(ours, expected);
  const [expectedGradient] = gradients(expected, [wide], { outer: outer.to("float64") });
  expectClose(gradients(ours, [W], { outer })[0]!, expectedGradient!);
}

// widths around those of registers and tiles: 1, 8, 16 and what lies between
const SHAPES = [
  [1, 1, 1, 1],
  [2, 7, 3, 5],
  [2, 16, 1, 16],
  [3, 17, 2, 10],
  [2, 50, 4, 16],
  [1, 65, 2, 48],
  [1, 197, 2, 64],
];

describe.each([false, true])("causal: %s", (causal) => {
  it.each(SHAPES)("equals its formula, forward and backward: [%i, %i, %i, %i]", (...shape) => {
    scope(() => expectExact(random(1).normal(shape).setRequiresGrad(), causal));
  });

  // sᵢᵢ from 0 to the spread, tokens in all directions; beyond 80 another form takes over
  it.each([1, 20, 79, 81, 120, 160, 200])("tokens whose scores spread by %d", (spread) => {
    scope(() => {
      const [n, p] = [40, 16];
      const directions = random(8).normal([2, n, 3, p]);
      const units = directions.div(directions.norm(-1, true));
      const squares = arange(n).mul((spread * Math.sqrt(p)) / (n - 1)); // sᵢᵢ = ‖wᵢ‖² / √p
      expectExact(units.mul(squares.sqrt().reshape([1, n, 1, 1])).setRequiresGrad(), causal);
    });
  });
});

it("stays exact where one score outweighs all others", () => {
  scope(() => {
    const W = random(3).normal([1, 20, 2, 8]).mul(30).setRequiresGrad();
    const ours = selfAttention(W);
    expectClose(ours, explicit(W.detach().to("float64")));
    expect(gradients(ours.sum(), [W])[0]!.isFinite().all().item()).toBe(1);
  });
});

it("does not hide a number that is not finite", () => {
  scope(() => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const W = random(4).normal([2, 20, 2, 8]);
      W.select(0, 1).select(0, 3).select(0, 0).fill_(bad);
      const finite = selfAttention(W).isFinite();
      expect(finite.select(0, 0).all().item()).toBe(1);
      expect(finite.select(0, 1).select(1, 0).any().item()).toBe(0);
    }
  });
});

it("has second derivatives", () => {
  scope(() => {
    const second = (attend: (W: Tensor) => Tensor, W: Tensor) => {
      const [first] = gradients(attend(W).square().sum(), [W], { createGraph: true });
      return gradients(first!.square().sum(), [W])[0]!;
    };
    const W = random(5).normal([1, 9, 2, 4]).setRequiresGrad();
    const wide = W.detach().to("float64").setRequiresGrad();
    expectClose(second(selfAttention, W), second(explicit, wide), 1e-4);
  });
});

it("keeps the dtype it is given", () => {
  scope(() => {
    for (const dtype of ["bfloat16", "float64"] as const) {
      const W = random(6).normal([2, 30, 2, 16]).to(dtype).setRequiresGrad();
      const ours = selfAttention(W);
      expect(ours.dtype).toBe(dtype);
      expectClose(ours, explicit(W.detach().to("float64")));
      expect(gradients(ours.sum(), [W])[0]!.dtype).toBe(dtype);
    }
  });
});

it("reads and writes bfloat16 tensors as they are", () => {
  const calls = (dtype: "float16" | "bfloat16") =>
    scope(() => {
      const W = random(8).normal([2, 30, 2, 16]).to(dtype).setRequiresGrad();
      const outer = W.detach();
      const rows = profile(() => gradients(selfAttention(W), [W], { outer }));
      return rows.map(({ operator }) => operator);
    });
  expect(calls("float16")).toContain("aten::copy_"); // which takes the kernels of float32
  expect(calls("bfloat16")).not.toContain("aten::copy_");
});

it("refuses tokens that are not split into heads", () => {
  scope(() => {
    expect(() => selfAttention(random(7).normal([2, 3, 4]))).toThrow(
      "self_attention expects tokens [b, n, heads, p], got 3 dimensions",
    );
  });
});

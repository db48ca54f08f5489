import { describe, expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { record } from "../../nn/index.ts";
import { aten, eye, gradients, noGrad, random, scope, type Tensor } from "../../tensor/index.ts";
import {
  CrateLayer,
  type CrateLayerOptions,
  createModel,
  ISTA,
  Majorise,
  MSSA,
  mssaOf,
  orthogonality,
  parameterCount,
} from "../index.ts";

const normal = (name: string, shape: number[]) => random(7).at(name).normal(shape, { dtype: "float64" });

/** ISTA in the authors' three products. */
function threeProducts(Z: Tensor, D: Tensor, eta: number, lambda: number): Tensor {
  const DZ = Z.matmul(D.T);
  return Z.add(Z.matmul(D).sub(DZ.matmul(D)).mul(eta))
    .sub(eta * lambda)
    .relu();
}

describe("ISTA", () => {
  test.each([
    [0.1, 0.1],
    [0.1, 0.5],
    [0.5, 0.02],
  ])("one d × d map equals three products, values and gradients, η %f λ %f", (eta, lambda) => {
    scope(() => {
      const Z = normal("Z", [2, 5, 12]).setRequiresGrad();
      using layer = new ISTA(normal("D", [12, 12]).mul(0.4), { eta, lambda });
      const outer = normal("outer", [2, 5, 12]);
      const [ours, theirs] = [layer.apply(Z), threeProducts(Z, layer.D, eta, lambda)];
      expectClose(ours, theirs);
      const [g, h] = [ours, theirs].map((output) => gradients(output.mul(outer).sum(), [Z, layer.D]));
      for (const [i, gradient] of g!.entries()) expectClose(gradient, h![i]!);
    });
  });

  test("learned η and λ: the same step at exp of their logarithms, with the gradients of the formula", () => {
    scope(() => {
      const Z = normal("Z", [2, 5, 12]).setRequiresGrad();
      using layer = new ISTA(normal("D", [12, 12]).mul(0.4), { eta: 0.2, lambda: 0.3, learned: true });
      const [a, c] = [layer.logEta!, layer.logLambda!];
      expect(a.exp().item()).toBeCloseTo(0.2, 12);
      expect(c.exp().item()).toBeCloseTo(0.3, 12);
      const DZ = Z.matmul(layer.D.T);
      const formula = Z.add(Z.matmul(layer.D).sub(DZ.matmul(layer.D)).mul(a.exp()))
        .sub(a.exp().mul(c.exp()))
        .relu();
      const outer = normal("outer", [2, 5, 12]);
      const ours = layer.apply(Z);
      expectClose(ours, formula);
      const [g, h] = [ours, formula].map((output) => gradients(output.mul(outer).sum(), [Z, layer.D, a, c]));
      for (const [i, gradient] of g!.entries()) expectClose(gradient, h![i]!);
      using fixed = new ISTA(layer.D.detach().clone(), { eta: 0.2, lambda: 0.3 });
      expectClose(fixed.apply(Z), ours);
      expect(() => new ISTA(normal("D", [2, 2]), { eta: 1, lambda: 0, learned: true })).toThrow(
        "lambda: expected above 0 where it is learned, got 0",
      );
    });
  });

  test("one step does not raise the lasso it descends, for η below 1/λ_max(DᵀD)", () => {
    scope(() => {
      const D = normal("D", [12, 12]).mul(0.2);
      const Y = normal("Y", [1, 9, 12]).relu();
      const lasso = (A: Tensor) =>
        Y.sub(A.matmul(D.T)).square().sum().div(2).add(A.abs().sum().mul(0.1)).item();
      using layer = new ISTA(D, { eta: 0.1, lambda: 0.1 });
      expect(lasso(layer.apply(Y))).toBeLessThan(lasso(Y));
    });
  });

  test("orthogonal D with η = 1 and λ = 0 is ReLU(Z D)", () => {
    scope(() => {
      using layer = new ISTA(normal("D", [6, 6]).mul(0).add(0), { eta: 1, lambda: 0 });
      expectClose(layer.apply(normal("Z", [1, 3, 6])), normal("Z", [1, 3, 6]).relu());
    });
  });
});

test("the majorisation step is ReLU((1 + 4/(9(1+α))) Z D − 4λ/(9α))", () => {
  scope(() => {
    const D = normal("D", [6, 6]);
    const Z = normal("Z", [1, 3, 6]);
    using layer = new Majorise(D, { lambda: 0.1, epsilon: 0.5 });
    const alpha = 6 / (3 * 0.25);
    const expected = Z.matmul(D)
      .mul(1 + 4 / (9 * (1 + alpha)))
      .sub(0.4 / (9 * alpha))
      .relu();
    expectClose(layer.apply(Z), expected);
  });
});

describe("MSSA", () => {
  test("without a learned output it is [SSA₁ … SSA_K] Uᵀ", () => {
    scope(() => {
      const U = normal("U", [6, 8]);
      const Z = normal("Z", [2, 5, 8]);
      using layer = new MSSA(U, { heads: 2, headDim: 3 });
      const heads = [0, 1].map((k) => {
        const W = Z.matmul(layer.subspaces().select(0, k)); //                   Z Uₖ
        const SSA = W.matmul(W.T).div(Math.sqrt(3)).softmax(-1).matmul(W);
        return SSA.matmul(layer.subspaces().select(0, k).T);
      });
      expectClose(layer.apply(Z), heads[0]!.add(heads[1]!));
    });
  });

  test("tokens in another order give outputs in that order", () => {
    scope(() => {
      const Z = normal("Z", [1, 6, 8]);
      const order = random(1).permutation(6);
      using layer = new MSSA(normal("U", [6, 8]), { heads: 2, headDim: 3 });
      expectClose(layer.apply(Z.indexSelect(1, order)), layer.apply(Z).indexSelect(1, order));
    });
  });

  test("looking at the attention does not change the output", () => {
    scope(() => {
      const Z = normal("Z", [2, 5, 8]);
      using layer = new MSSA(normal("U", [6, 8]), { heads: 2, headDim: 3 });
      const { result, found } = record(layer, ["attention", "projection"], () => layer.apply(Z));
      expectClose(result, layer.apply(Z));
      expect(found.get("attention")!.shape).toEqual([2, 2, 5, 5]);
      expect(found.get("projection")!.shape).toEqual([2, 2, 5, 3]);
      for (const tensor of found.values()) tensor.dispose();
    });
  });
});

describe("the layer's options", () => {
  const sizes = { dim: 8, heads: 2, headDim: 4 };
  /** Z½ and the pieces it is made of. */
  const half = (options: Partial<CrateLayerOptions>) => {
    using layer = new CrateLayer(random(2), { ...sizes, ...options }).to("float64") as CrateLayer;
    const Z = normal("Z", [1, 5, 8]);
    const U = layer.norm1.apply(Z);
    const { found } = record(layer, ["half"], () => layer.apply(Z));
    const half = found.get("half")!;
    const copy = half.clone();
    half.dispose();
    return { Z, U, change: layer.mssa.apply(U), half: copy };
  };

  test("plain: Z + MSSA(LN Z)", () => {
    scope(() => {
      const { Z, change, half: found } = half({});
      expectClose(found, Z.add(change));
    });
  });
  test("sign −1: Z − MSSA(LN Z)", () => {
    scope(() => {
      const { Z, change, half: found } = half({ sign: -1 });
      expectClose(found, Z.sub(change));
    });
  });
  test("convex: (1 − β) Z + β MSSA(LN Z)", () => {
    scope(() => {
      const { Z, change, half: found } = half({ residual: "convex", compression: 0.3 });
      expectClose(found, Z.mul(0.7).add(change.mul(0.3)));
    });
  });
  test("skip from the normalised input: LN Z + MSSA(LN Z)", () => {
    scope(() => {
      const { U, change, half: found } = half({ skipFrom: "normed" });
      expectClose(found, U.add(change));
    });
  });
  test.each([
    ["ista", "transformer.layers.0.1.fn.weight"],
    ["majorise", "transformer.layers.0.1.fn.weight"],
  ] as const)("%s keeps the official names", (sparsify, name) => {
    const options = { dim: 8, depth: 1, heads: 2, imageSize: 8, patch: 4, classes: 3, sparsify };
    using model = createModel("crate", options, random(0));
    expect(model.namedParameters().has(name)).toBe(true);
  });
});

test.each(["cls", "mean"] as const)("pool %s reads the class token or the mean of all tokens", (pool) => {
  const options = { dim: 8, depth: 1, heads: 2, imageSize: [8, 12] as const, patch: 4, classes: 3, pool };
  using model = createModel("crate", options, random(0));
  scope(() => {
    const { found } = record(model, ["block.0", "pooled"], () =>
      model.apply(random(1).normal([2, 3, 8, 12])),
    );
    const Z = found.get("block.0")!;
    expect(Z.shape).toEqual([2, 7, 8]);
    expectClose(found.get("pooled")!, pool === "cls" ? Z.select(1, 0) : Z.mean(1));
    for (const tensor of found.values()) tensor.dispose();
  });
});

test("orthogonality: the mean of ‖U Uᵀ − I‖² / (K p), 0 for orthonormal bases of orthogonal subspaces, with its gradient", () => {
  scope(() => {
    const U = normal("U", [6, 8]);
    using layer = new MSSA(U, { heads: 2, headDim: 3 });
    const gap = layer.U.matmul(layer.U.T).sub(eye(6, { dtype: "float64" }));
    const found = orthogonality([layer]);
    expectClose(found, gap.square().sum().div(6));
    const [gradient] = gradients(found, [layer.U]);
    expectClose(gradient!, gap.matmul(layer.U).mul(4 / 6));
    const Q = aten("linalg_qr", normal("V", [8, 6])) as [Tensor, Tensor];
    using orthonormal = new MSSA(Q[0].T.contiguous(), { heads: 2, headDim: 3 });
    expect(orthogonality([orthonormal]).item()).toBeLessThan(1e-25);
    expectClose(orthogonality([layer, orthonormal]), found.div(2));
  });
});

test("steps of heads start as the tied output, and −1 is the other sign", () => {
  const options = { dim: 12, heads: 3, headDim: 4, tiedOutput: true };
  using Z = random(2).normal([2, 5, 12]);
  const of = (more: object, step = 1) => {
    using layer = new CrateLayer(random(1), { ...options, ...more });
    return scope(() => {
      noGrad(() => layer.mssa.steps?.fill_(step));
      return layer.apply(Z).numbers();
    });
  };
  expect(of({ headSteps: true })).toEqual(of({}));
  expect(of({ headSteps: true }, -1)).toEqual(of({ sign: -1 }));
});

test("a model's MSSA are found, and tokens may come from convolutions", () => {
  scope(() => {
    const sizes = { dim: 16, depth: 3, heads: 2, patch: 4, imageSize: 8, classes: 10 };
    const options = { ...sizes, stem: "convolutions", learnedSteps: true } as const;
    using model = createModel("crate", options, random(1));
    expect(mssaOf(model).length).toBe(3);
    const names = [...model.stateDict().keys()];
    expect(names.filter((name) => name.startsWith("patch_embed.proj."))).toContain(
      "patch_embed.proj.2.0.weight",
    );
    expect(names.filter((name) => /log_(eta|lambda)$/.test(name)).length).toBe(6);
    const X = random(2).normal([2, 3, 8, 8]);
    expect(model.apply(X).shape).toEqual([2, 10]);
    expect(model.parameterCount()).toBe(parameterCount("crate", options));
  });
});

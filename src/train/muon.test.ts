/** @file Muon against its formula in float64, and PyTorch's own; what it leaves to AdamW. */

import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { forAll } from "../../test/for-all.ts";
import { aten, scope, type Tensor, tensor } from "../tensor/index.ts";
import { createOptimizer } from "./optimizer.ts";
import { orthogonalised } from "./orthogonalised.ts";

const matrix = (shape: [number, number], at: (k: number) => number): Tensor =>
  tensor(Float64Array.from({ length: 6 }, (_, k) => at(k))).reshape(shape);

/**
 * Made in float64 by the formula written out in Python; torch.optim.Muon of PyTorch 2.13 (match_rms_adamw), whose products
 * are in bfloat16, is 6e-4 and 1.5e-3 away.
 */
test.each([
  [
    [2, 3],
    [
      0.9001633771995461, 0.5005883822213847, -0.35922526278951444, -0.9722949342282428, -0.5863320365842714,
      0.33870183148655436,
    ],
  ],
  [
    [3, 2],
    [
      0.9468359870338535, 0.47570417858210606, -0.45010368217121527, -0.8900717737826147, -0.5722175401263102,
      0.26509692733697177,
    ],
  ],
] as [[number, number], number[]][])("three steps of a matrix %o", (shape, expected) => {
  scope(() => {
    const P = matrix(shape, Math.cos);
    using optimizer = createOptimizer("muon", new Map([["layers.0.weight", P]]), { weightDecay: 0.1 });
    for (const [t, lr] of [0.1, 0.05, 0.2].entries())
      optimizer.step([matrix(shape, (k) => Math.sin(k + 3 * t + 1))], lr);
    expectClose(P.flatten(), expected);
  });
});

test("a momentum of 0 is none", () => {
  scope(() => {
    const [P, G] = [matrix([2, 3], Math.cos), matrix([2, 3], Math.sin)];
    const expected = P.sub(orthogonalised(G).mul(0.1 * 0.2 * Math.sqrt(3)));
    using optimizer = createOptimizer("muon", new Map([["layers.0.weight", P]]), { momentum: 0 });
    optimizer.step([G], 0.1);
    expectClose(P, expected);
  });
});

test("orthogonalised: singular values come near 1, the singular vectors stay", () => {
  forAll({ m: [1, 12], n: [1, 12] }, 20, ({ m, n }, random) => {
    const M = random.normal([m, n], { dtype: "float64" });
    const [U, , V] = aten<[Tensor, Tensor, Tensor]>("linalg_svd", M, false);
    const inside = U.T.matmul(orthogonalised(M)).matmul(V.T); //                 diagonal
    const diagonal = aten<Tensor>("diagonal", inside);
    expectClose(inside, aten<Tensor>("diag", diagonal), 1e-6);
    expect(diagonal.max().item()).toBeLessThan(1.25);
    // what is a hundredth of the whole or less has not come far enough in five steps
    const [, S] = aten<[Tensor, Tensor, Tensor]>("linalg_svd", M, false);
    if (S.min().item() > 0.02 * M.norm().item()) expect(diagonal.min().item()).toBeGreaterThan(0.5);
  });
});

test("muon: matrices only; vectors, embeddings and heads are AdamW's", () => {
  scope(() => {
    const names = [
      "layers.0.bias",
      "token_embedding.weight",
      "mlp_head.weight",
      "transformer.wte.weight",
      "decoder_pred.weight",
    ];
    const start = () => names.map((name, i) => [name, i === 0 ? tensor([1, 2]) : tensor([[1, 2], [3, 4]])] as const); // biome-ignore format: one line
    const [a, b] = [new Map(start()), new Map(start())];
    using muon = createOptimizer("muon", a, { weightDecay: 0.1 });
    using adamw = createOptimizer("adamw", b, { weightDecay: 0.1 });
    for (const [optimizer, parameters] of [
      [muon, a],
      [adamw, b],
    ] as const)
      optimizer.step(
        [...parameters.values()].map((each) => each.sin()),
        0.1,
      );
    expect([...a.values()].map((each) => each.numbers())).toEqual(
      [...b.values()].map((each) => each.numbers()),
    );
    expect([...muon.stateDict().keys()].sort()).toEqual([...adamw.stateDict().keys()].sort());
  });
});

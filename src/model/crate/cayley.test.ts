/** @file Orthonormal bases by construction: the map in its d × d form, its gradient, and a CRATE that has it. */

import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { aten, cat, eye, gradients, noGrad, random, scope, type Tensor, zeros } from "../../tensor/index.ts";
import { createModel, MSSA, mssa, mssaOf, orthogonality, parameterCount } from "../index.ts";
import { cayley } from "./cayley.ts";

const wide = { dtype: "float64" } as const;
const normal = (name: string, shape: number[]) => random(3).at(name).normal(shape, wide);

/** (I − A)(I + A)⁻¹ with A [d, d] written out; its first p columns as rows. */
function inFull(M: Tensor): Tensor {
  const [p, d] = M.shape as [number, number];
  const [B, C] = [M.narrow(1, 0, p).sub(M.narrow(1, 0, p).T), M.narrow(1, p, d - p).T];
  const A = cat([cat([B, C.T.mul(-1)], 1), cat([C, zeros([d - p, d - p], wide)], 1)], 0);
  expectClose(A.T, A.mul(-1));
  const identity = eye(d, wide);
  const map = identity.sub(A).matmul(aten("linalg_inv", identity.add(A)));
  return map.narrow(1, 0, p).T;
}

test.each([
  [3, 8],
  [8, 8],
  [1, 5],
])("the map of [%i, %i] is that of the d × d matrix, and orthonormal", (p, d) => {
  scope(() => {
    const M = normal("M", [p, d]);
    const Q = cayley(M);
    expectClose(Q, inFull(M), 1e-13);
    expectClose(Q.matmul(Q.T), eye(p, wide), 1e-13);
    expectClose(
      cayley(M.mul(1e3)).square().sum(-1),
      Array.from({ length: p }, () => 1),
      1e-10,
    ); // far from I too
    expectClose(cayley(zeros([p, d], wide)), eye(d, wide).narrow(0, 0, p));
  });
});

test("its gradient is the slope of the formula", () => {
  scope(() => {
    const M = normal("M", [3, 7]).setRequiresGrad();
    const outer = normal("outer", [3, 7]);
    const [slope] = gradients(cayley(M).mul(outer).sum(), [M]);
    const step = 1e-5;
    const value = (m: Tensor) => noGrad(() => cayley(m).mul(outer).sum().item());
    const numbers = Array.from({ length: 21 }, (_, i) => {
      const change = zeros([21], wide);
      change.narrow(0, i, 1).fill_(step);
      const by = change.reshape([3, 7]);
      return (value(M.detach().add(by)) - value(M.detach().sub(by))) / (2 * step);
    });
    expectClose(slope!.flatten(), numbers, 1e-8);
  });
});

test("MSSA with orthonormal bases is that of the same U, and stays so under any step", () => {
  scope(() => {
    const [heads, headDim, d] = [3, 4, 16];
    for (const subspaces of ["orthonormal", "orthogonal"] as const) {
      const stored = normal("stored", [heads * headDim, d]);
      using layer = new MSSA(stored, { heads, headDim, subspaces });
      using free = new MSSA(layer.U.detach().clone(), { heads, headDim });
      const Z = normal("Z", [2, 5, d]);
      expectClose(layer.apply(Z), free.apply(Z));
      const [slope] = gradients(layer.apply(Z).square().sum(), [layer.stored]);
      noGrad(() => layer.stored.sub_(slope!.mul(0.3)));
      const U = layer.subspaces(); //                                           [K, d, p]
      expectClose(U.T.matmul(U), eye(headDim, wide).expand([heads, headDim, headDim]));
      const gap = orthogonality([layer]).item();
      if (subspaces === "orthogonal") expect(gap).toBeLessThan(1e-25);
      else expect(gap).toBeGreaterThan(0.1); // heads may overlap
    }
  });
});

test("they begin in all directions: no axis has more of them than chance gives", () => {
  scope(() => {
    const d = 96;
    for (const subspaces of ["orthonormal", "orthogonal"] as const) {
      using layer = mssa(d, random(5), { heads: 6, headDim: 16, subspaces });
      const share = layer.U.detach().square().sum(0); //                       of each axis, 1 on average
      expect(share.mean().item()).toBeCloseTo(1, 5);
      expect([share.min().item() > 0.3, share.max().item() < 2]).toEqual([true, true]);
    }
  });
});

test("a CRATE has them as a setting: as many parameters, names that tell, what cannot be is refused", () => {
  scope(() => {
    const sizes = { dim: 16, depth: 2, heads: 2, patch: 4, imageSize: 8, classes: 3 };
    for (const subspaces of ["free", "orthonormal", "orthogonal"] as const) {
      using model = createModel("crate", { ...sizes, subspaces }, random(1));
      expect(model.parameterCount()).toBe(parameterCount("crate", { ...sizes, subspaces }));
      const name = `transformer.layers.1.0.fn.qkv.${subspaces === "free" ? "weight" : subspaces}`;
      expect(model.stateDict().get(name)!.shape).toEqual([16, 16]);
      expect(orthogonality(mssaOf(model)).item() < 1e-10).toBe(subspaces === "orthogonal");
      using again = createModel("crate", { ...sizes, subspaces }, random(2)).load(model.stateDict());
      const X = random(3).normal([2, 3, 8, 8]);
      expectClose(again.apply(X), model.apply(X));
    }
    const wide = { ...sizes, headDim: 12 };
    using own = createModel("crate", { ...wide, subspaces: "orthonormal" }, random(1));
    expect(own.apply(random(3).normal([1, 3, 8, 8])).shape).toEqual([1, 3]);
    expect(() => createModel("crate", { ...wide, subspaces: "orthogonal" }, random(1))).toThrow(
      "model.subspaces: 24 orthogonal directions are more than model.dim 16; take a smaller model.headDim",
    );
  });
});

/** @file Orthogonality and coherence against closed forms. */

import { expect, test } from "vitest";
import { CrateLayer, TostBlock } from "../model/index.ts";
import { aten, cat, eye, noGrad, random, scope, type Tensor, tensor } from "../tensor/index.ts";
import { measureWeights, orthogonalityGap } from "./weights.ts";

const [d, K, p] = [12, 3, 4];

/** A layer whose U (rows [K p, d]) and D [d, d] are given. */
function layerWith(U: Tensor, D: Tensor): CrateLayer {
  const layer = new CrateLayer(random(0), { dim: d, heads: K, headDim: p });
  noGrad(() => {
    layer.mssa.U.copy_(U);
    layer.ista.D.copy_(D);
  });
  return layer;
}

const measured = (make: () => { U: Tensor; D: Tensor }) => {
  using layer = scope(() => {
    const { U, D } = make();
    return layerWith(U, D);
  });
  return measureWeights(layer)!;
};

test("orthonormal subspaces that span everything have no gap and no coherence", () => {
  const { subspaces, coherence, dictionary } = measured(() => {
    const [Q] = aten<[Tensor, Tensor]>("linalg_qr", random(1).normal([d, d]), "reduced");
    return { U: Q, D: Q };
  });
  for (const gap of [...subspaces.raw, ...subspaces.columns, dictionary!.raw, dictionary!.columns])
    expect(gap).toBeLessThan(1e-5);
  coherence.spans.largest.forEach((row, j) => {
    row.forEach((cosine, k) => {
      expect(cosine).toBeCloseTo(j === k ? 1 : 0, 5);
      expect(coherence.vectors.largest[j]![k]).toBeCloseTo(0, 5);
    });
  });
});

test("scaling shows in the raw gap only: ‖(s² − 1) I_p‖_F = |s² − 1| √p", () => {
  const { subspaces, dictionary } = measured(() => ({ U: eye(d).mul(3), D: eye(d).mul(0.5) }));
  for (const gap of subspaces.raw) expect(gap).toBeCloseTo(8 * Math.sqrt(p), 10);
  for (const gap of subspaces.columns) expect(gap).toBeCloseTo(0, 10);
  expect(dictionary!.raw).toBeCloseTo(0.75 * Math.sqrt(d), 10);
  expect(dictionary!.columns).toBeCloseTo(0, 10);
});

test("equal spans have cosine 1 in any basis, though their stored vectors have not", () => {
  const { coherence } = measured(() => {
    const first = eye(d).narrow(0, 0, p);
    const [turn] = aten<[Tensor, Tensor]>("linalg_qr", random(2).normal([p, p]), "reduced");
    const third = eye(d).narrow(0, p, p);
    return { U: cat([first, turn.matmul(first), third]), D: eye(d) };
  });
  expect(coherence.spans.mean[0]![1]).toBeCloseTo(1, 5);
  expect(coherence.vectors.largest[0]![1]).toBeLessThan(0.999);
  expect(coherence.vectors.mean[0]![1]).toBeGreaterThan(0.1);
  expect(coherence.spans.largest[0]![2]).toBeCloseTo(0, 5);
  // a head with itself leaves out i = j
  expect(coherence.vectors.mean[0]![0]).toBeCloseTo(0, 5);
});

test("what a head writes is compared with its subspace, with the sign of the layer", () => {
  const outputs = (sign: 1 | -1) => {
    using layer = new CrateLayer(random(0), { dim: d, heads: K, headDim: p, sign });
    scope(() =>
      noGrad(() => {
        const { U, W } = layer.mssa;
        const [first, second, third] = U.chunk(K).map(({ T }) => T); //          each [d, p]
        W!.copy_(cat([first!.mul(3), second!.mul(-0.5), third!.flip([1])], 1));
      }),
    );
    return measureWeights(layer)!.output!;
  };
  const [derived, opposite, other] = outputs(1);
  expect(derived).toBeCloseTo(1, 6);
  expect(opposite).toBeCloseTo(-1, 6);
  expect(Math.abs(other!)).toBeLessThan(0.6);
  expect(outputs(-1)).toEqual([derived, opposite, other].map((cosine) => -cosine!));
});

test("ToST's heads have subspaces and an output too", () => {
  const sizes = { dim: d, depth: 1, heads: K, patch: 4, imageSize: 8, classes: 2 };
  using block = scope(() => new TostBlock(sizes, random(4)));
  scope(() => noGrad(() => block.tssa.W.copy_(block.tssa.U.T.mul(2))));
  const { output, coherence } = measureWeights(block)!;
  expect(output).toHaveLength(K);
  for (const cosine of output!) expect(cosine).toBeCloseTo(1, 6);
  expect(coherence.spans.mean).toHaveLength(K);
});

test("a tied output is the subspace: there is nothing to compare", () => {
  using layer = new CrateLayer(random(0), { dim: d, heads: K, headDim: p, tiedOutput: true });
  expect(measureWeights(layer)!.output).toBeUndefined();
});

test("two unit vectors at 60° have a gap of √2 · ½", () => {
  const gap = scope(() => {
    const A = tensor([
      [1, 0.5],
      [0, Math.sqrt(3) / 2],
    ]);
    return orthogonalityGap(A.to("float64")).item();
  });
  expect(gap).toBeCloseTo(Math.SQRT1_2, 6);
});

import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { normal } from "../sample.ts";
import { compareSolvers } from "./completion-solvers.ts";
import { nuclearNorm, shrink } from "./solvers.ts";

test("shrinkage lowers every singular value by τ, down to 0", () => {
  forAll({ n: [1, 8], tenths: [1, 40] }, 30, ({ n, tenths }, random) => {
    const M = normal(random, [2, n, n]);
    const before = nuclearNorm(M).numbers();
    const after = nuclearNorm(shrink(M, tenths / 10)).numbers();
    after.forEach((norm, i) => {
      expect(norm).toBeLessThanOrEqual(before[i]! + 1e-9);
      expect(norm).toBeGreaterThanOrEqual(before[i]! - (n * tenths) / 10 - 1e-9);
    });
  });
});

test("three solvers find the matrix when nearly all of it is known", () => {
  forAll({ n: [12, 16] }, 3, ({ n }, random) => {
    const found = compareSolvers(random, { n, rank: 1, share: 0.9, trials: 1 }, 600);
    expect(Math.max(found.admm, found.svt, found.softImpute)).toBeLessThan(1e-3);
  });
});

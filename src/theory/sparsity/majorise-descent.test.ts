import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { identity } from "../sample.ts";
import { disjointTokens, objectiveChange } from "./majorise-descent.ts";

test("one step lowers the objective from any non-negative orthonormal tokens", () => {
  forAll({ n: [2, 7], spare: [0, 8] }, 60, ({ n, spare }, random) => {
    const Z = disjointTokens(random, n, 2 * n + spare);
    expect(Z.matmul(Z.T).sub(identity(n)).abs().max().item()).toBeLessThan(1e-12);
    expect(objectiveChange(random, [n, 2 * n + spare])).toBeLessThan(0);
  });
});

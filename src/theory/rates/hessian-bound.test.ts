import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { actionError, hessianNorm } from "./hessian-bound.ts";

test("the Hessian is within 9α/4, and its action is autograd's, for any α and scale", () => {
  forAll({ n: [1, 5], d: [1, 5], alpha: [1, 50], scale: [1, 100] }, 40, ({ n, d, alpha, scale }, random) => {
    expect(hessianNorm(random, [n, d], alpha / 10, scale / 20)).toBeLessThanOrEqual(9 / 4);
    expect(actionError(random, [n, d], alpha / 10)).toBeLessThan(1e-8);
  });
});

import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { gradientErrors } from "./rate-gradients.ts";

test("closed forms are autograd's, and autograd central differences', whatever the shape", () => {
  forAll({ n: [1, 12], p: [1, 3], K: [1, 3], tenths: [3, 30] }, 30, ({ n, p, K, tenths }, random) => {
    for (const { closed, difference } of gradientErrors(random, { n, d: K * p + 1, K, p }, tenths / 10)) {
      expect(closed).toBeLessThan(1e-10);
      expect(difference).toBeLessThan(1e-6);
    }
  });
});

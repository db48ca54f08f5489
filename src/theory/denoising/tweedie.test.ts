import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { tweedieError } from "./tweedie.ts";

test("x + σ²·score is the posterior mean of any mixture", () => {
  forAll({ d: [1, 10], K: [1, 5], n: [1, 8], tenths: [2, 30] }, 40, ({ d, K, n, tenths }, random) => {
    expect(tweedieError(random, { d, K, n }, tenths / 10)).toBeLessThan(1e-12);
  });
});

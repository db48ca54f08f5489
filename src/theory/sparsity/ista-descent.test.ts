import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { largestRise } from "./ista-descent.ts";

test("the objective never rises for steps up to 1/λ_max, whatever the sizes", () => {
  forAll({ n: [1, 12], d: [2, 16], percent: [10, 100] }, 30, ({ n, d, percent }, random) => {
    expect(largestRise(random, [n, d], percent / 100, 20)).toBeLessThan(1e-12);
  });
});

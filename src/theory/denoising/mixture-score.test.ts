import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { scoreErrors } from "./mixture-score.ts";

test("both closed scores are autograd's, whatever K, p and σ", () => {
  forAll({ K: [1, 4], p: [1, 5], tenths: [3, 20] }, 30, ({ K, p, tenths }, random) => {
    const { subspaces, general } = scoreErrors(random, [K, p], tenths / 10);
    expect(Math.max(subspaces, general)).toBeLessThan(1e-10);
  });
});

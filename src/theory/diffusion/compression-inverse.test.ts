import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { inversionError } from "./compression-inverse.ts";

test("half the step, a quarter of the error", () => {
  forAll({ K: [2, 5], p: [4, 16], perSubspace: [2, 8] }, 25, ({ K, p, perSubspace }, random) => {
    const errors = [0.04, 0.02].map((beta) => inversionError(random, { K, p, perSubspace }, beta));
    expect(Math.abs(errors[0]! / errors[1]! - 4)).toBeLessThan(0.3);
  });
});

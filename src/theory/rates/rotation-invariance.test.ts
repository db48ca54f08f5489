import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { changes } from "./rotation-invariance.ts";

test("rates do not change under any rotation", () => {
  forAll({ d: [4, 24] }, 40, ({ d }, random) => {
    const { rate, compression } = changes(random, d);
    expect(Math.max(rate, compression)).toBeLessThan(1e-12);
  });
});

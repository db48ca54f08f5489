import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { climb, optimumOf } from "./redunet-staircase.ts";

test("ΔR climbs and stays below the optimum, in the plane and in space", () => {
  forAll({ d: [2, 3], set: [1, 3], perClass: [10, 40] }, 8, ({ d, set, perClass }, random) => {
    const { logged } = climb(random, d as 2 | 3, set, 12, perClass);
    logged.slice(1).forEach((value, l) => {
      expect(value).toBeGreaterThan(logged[l]! - 2e-6);
    });
    expect(logged.at(-1)!).toBeLessThanOrEqual(optimumOf(d) + 1e-9);
  });
});

import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { neumannErrors } from "./neumann-validity.ts";

test("the first-order error is below (γ λ_max)² wherever that is below 1", () => {
  forAll({ K: [1, 4], p: [1, 6], perSubspace: [1, 6] }, 40, ({ K, p, perSubspace }, random) => {
    for (const epsilon of [2, 4, 8]) {
      const { size, firstOrder } = neumannErrors(random, { K, p, perSubspace }, epsilon);
      if (size < 1) expect(firstOrder).toBeLessThanOrEqual(size ** 2 / (1 - size) + 1e-12);
    }
  });
});

import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { orderErrors } from "./layer-order.ts";

test("the reverse order comes nearer to the start than the same order", () => {
  forAll({ K: [3, 5], p: [8, 14], perSubspace: [4, 7] }, 6, ({ K, p, perSubspace }, random) => {
    const { right, wrong } = orderErrors(random, { K, p, perSubspace, epsilon: 1 }, 64);
    expect(right).toBeLessThan(wrong / 2);
  });
});

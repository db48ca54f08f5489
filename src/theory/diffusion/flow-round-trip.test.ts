import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { roundTrip } from "./flow-round-trip.ts";

test("twice the layers, half the error", () => {
  forAll({ K: [2, 4], p: [4, 12], perSubspace: [2, 6] }, 15, ({ K, p, perSubspace }, random) => {
    const setting = { K, p, perSubspace, epsilon: 1 };
    const ratio = roundTrip(random, setting, 16) / roundTrip(random, setting, 32);
    expect(Math.abs(ratio - 2)).toBeLessThan(0.1);
  });
});

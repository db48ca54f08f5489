import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { betweenVectors, distances, twoVectors } from "./rate-distance.ts";

test("the distance is never negative, and 0 to signs, order and mixing", () => {
  forAll({ n: [1, 20], d: [1, 10] }, 40, ({ n, d }, random) => {
    const { "features rotated": rotated, ...same } = distances(random, n, d);
    for (const value of Object.values(same)) expect(Math.abs(value)).toBeLessThan(1e-10);
    expect(rotated).toBeGreaterThan(-1e-10);
  });
});

test("two unit vectors are as far apart as the formula says", () => {
  forAll({ degrees: [0, 360], d: [2, 12] }, 40, ({ degrees, d }) => {
    const angle = (degrees * Math.PI) / 180;
    expect(Math.abs(betweenVectors(angle, d) - twoVectors(angle, d))).toBeLessThan(1e-12);
  });
});

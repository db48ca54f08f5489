import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { trajectory } from "./denoising-trajectory.ts";

test("noise falls at every layer and faster than the signal", () => {
  forAll({ K: [2, 4], p: [16, 32], perSubspace: [1, 2] }, 15, ({ K, p, perSubspace }, random) => {
    const course = trajectory(random, { K, p, perSubspace }, { steps: 6, step: 0.35, epsilon: 0.1 });
    course.outside.slice(1).forEach((value, l) => {
      expect(value).toBeLessThan(course.outside[l]!);
    });
    expect(course.outside.at(-1)!).toBeLessThan(0.6 * course.inside.at(-1)!);
  });
});

import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { ascend, OPTIMA } from "./constrained-landscape.ts";

test("ΔR rises along the ascent and never passes the optimum", () => {
  forAll({ steps: [5, 60] }, 6, ({ steps }, random) => {
    for (const course of ascend(random, 2, steps).course) {
      expect(Math.max(...course)).toBeLessThanOrEqual(OPTIMA.even + 1e-9);
      expect(course.at(-1)!).toBeGreaterThan(course[0]!);
    }
  });
});

import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { BOUND, criticalPoint, curvature, roots } from "./regularised-landscape.ts";

test("for any λ below the bound and any ranks, larger roots are maximisers and smaller ones saddles", () => {
  forAll({ percent: [20, 90], a: [1, 4], b: [1, 4] }, 4, ({ percent, a, b }, random) => {
    const lambda = (percent / 100) * BOUND;
    const [low, high] = roots(lambda)!;
    const at = (square: number) => curvature(criticalPoint(random, [a, b], Math.sqrt(square)), lambda);
    expect(at(high).slope).toBeLessThan(1e-10);
    expect(at(low).slope).toBeLessThan(1e-10);
    expect(at(high).largest).toBeLessThan(1e-8);
    expect(at(low).largest).toBeGreaterThan(0);
  });
});

test("there are no critical points above the bound", () => {
  expect(roots(BOUND * 1.0001)).toBeUndefined();
  expect(roots(BOUND * 0.9999)).toBeDefined();
});

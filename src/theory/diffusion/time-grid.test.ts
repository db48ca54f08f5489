import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { geometric, gridErrors, uniform } from "./time-grid.ts";

test("steps are equal on the geometric grid, and grow along the uniform one", () => {
  forAll({ L: [2, 40], thousandths: [1, 500] }, 40, ({ L, thousandths }) => {
    const delta = thousandths / 1000;
    const steps = geometric(delta, L);
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 12);
    const grown = uniform(delta, L);
    expect(grown.toSorted((a, b) => a - b)).toEqual(grown);
  });
});

test("the geometric grid is nearer to the end point", () => {
  forAll({ K: [2, 2], p: [4, 6], perSubspace: [2, 5], L: [8, 24] }, 2, ({ L, ...setting }, random) => {
    const [found] = gridErrors(random, { ...setting, epsilon: 1 }, [L]);
    expect(found!.geometric).toBeLessThan(found!.uniform);
  });
});

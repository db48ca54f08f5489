import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { successes } from "./completion-transition.ts";

test("matrices far below the line are completed, those with more unknowns than entries are not", () => {
  forAll({ n: [14, 20] }, 5, ({ n }, random) => {
    expect(successes(random, { n, rank: 1, share: 0.9, trials: 2 })).toBe(1);
    expect(successes(random, { n, rank: n - 2, share: 0.5, trials: 2 })).toBe(0);
  });
});

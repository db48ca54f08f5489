import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { alongLoad, outsideSpan } from "./selectivity.ts";

test("selection dies as tokens fill their subspaces; outside all of them nothing moves", () => {
  forAll({ K: [2, 4], p: [16, 24] }, 5, ({ K, p }, random) => {
    const along = alongLoad(random, { d: K * p, K, p, sigma: 0.01 }, 30);
    expect(along[0]!).toBeGreaterThan(5 * along.at(-1)!);
    expect(outsideSpan(random, { d: K * p + 7, K, p })).toBeLessThan(1e-12);
  });
});

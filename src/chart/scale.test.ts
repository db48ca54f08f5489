/** @file Scales hold their data, whatever the data are. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { scaleFor } from "./scale.ts";

fc.configureGlobal({ seed: 1 });

it.each([{ scale: "linear" }, { scale: "log" }] as const)(
  "$scale: every number that has a place is in [0, 1]",
  (options) => {
    const value = fc.oneof(
      fc.double({ min: -1e6, max: 1e6 }),
      fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(value), fc.boolean(), (values, round) => {
        const axis = scaleFor(values, options, round);
        expect(axis.min).toBeLessThan(axis.max);
        for (const v of values) {
          const unit = axis.unit(v);
          if (!Number.isFinite(v) || (options.scale === "log" && v < 1e-100)) continue;
          expect(unit).toBeGreaterThanOrEqual(-1e-8);
          expect(unit).toBeLessThanOrEqual(1 + 1e-8);
        }
        for (const { value } of axis.ticks(5))
          expect(axis.unit(value)).toBeCloseTo(Math.min(1, Math.max(0, axis.unit(value))), 6);
      }),
    );
  },
);

it("a y axis begins at zero where that costs little, and not elsewhere", () => {
  expect(scaleFor([12, 80], {}, true)).toMatchObject({ min: 0, max: 80 });
  expect(scaleFor([71, 78], {}, true)).toMatchObject({ min: 70, max: 78 });
  expect(scaleFor([-5, -60], {}, true)).toMatchObject({ min: -60, max: 0 });
});

it("takes the caller's ends as they are", () => {
  expect(scaleFor([0.3, 0.8], { min: 0, max: 1.05 }, true)).toMatchObject({ min: 0, max: 1.05 });
});

it("a logarithmic scale has no place for zero", () => {
  const axis = scaleFor([1, 100], { scale: "log" }, false);
  expect(axis.unit(10)).toBeCloseTo(0.5);
  expect(axis.unit(0)).toBeNaN();
});

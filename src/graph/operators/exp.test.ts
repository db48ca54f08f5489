import { expect, test } from "vitest";
import { expOfNegative } from "./exp.ts";

test("as Math.exp from 0 down to where single precision ends, and beyond", () => {
  for (let x = 0; x > -104; x -= 0.0137)
    expect(Math.abs(expOfNegative(x) / Math.exp(x) - 1)).toBeLessThan(3e-12);
  expect(expOfNegative(0)).toBe(1);
  for (const x of [-200, -1e6, -1e300, Number.NEGATIVE_INFINITY]) expect(expOfNegative(x)).toBe(0);
  expect(expOfNegative(Number.NaN)).toBeNaN();
});

/** @file Half precision: every half survives, and what lies between is rounded to the nearest. */

import { expect, test } from "vitest";
import { fromHalf, toHalf } from "./float16.ts";

test("every half comes back as it was", () => {
  for (let half = 0; half < 0x10000; half++) {
    const back = toHalf(fromHalf(half));
    if (Number.isNaN(fromHalf(half))) expect(Number.isNaN(fromHalf(back))).toBe(true);
    else if (back !== half) expect([half, back]).toEqual([half, half]);
  }
});

test("what lies between two halves goes to the nearer one, the middle to the even one", () => {
  expect(fromHalf(toHalf(2049))).toBe(2048);
  expect(fromHalf(toHalf(2051))).toBe(2052);
  expect(fromHalf(toHalf(2049.1))).toBe(2050);
  expect(fromHalf(toHalf(65519))).toBe(65504);
  expect(fromHalf(toHalf(65520))).toBe(Number.POSITIVE_INFINITY);
  expect(fromHalf(toHalf(2 ** -25))).toBe(0);
  expect(fromHalf(toHalf(2 ** -24 * 0.75))).toBe(2 ** -24);
});

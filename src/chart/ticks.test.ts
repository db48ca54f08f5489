/** @file Ticks are round, inside the axis, in order and told apart by their texts. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { formatNumber, linearTicks, logTicks, multiples, niceStep } from "./ticks.ts";

fc.configureGlobal({ seed: 1 });

const texts = (ticks: { text: string }[]) => ticks.map(({ text }) => text);

it("are round numbers with equal decimals", () => {
  expect(texts(linearTicks(0, 1, 5))).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
  expect(texts(linearTicks(0, 0.6, 3, { format: "percent" }))).toEqual(["0%", "20%", "40%", "60%"]);
  expect(texts(linearTicks(-40, 40, 4))).toEqual(["−40", "−20", "0", "20", "40"]);
  expect(texts(linearTicks(0, 30_000, 3))).toEqual(["0", "10k", "20k", "30k"]);
  expect(texts(linearTicks(0, 4e-5, 2))).toEqual(["0", "2·10^{−5}", "4·10^{−5}"]);
  expect(texts(linearTicks(1, 12, 20, { integer: true }))).toHaveLength(12);
});

it("of a logarithmic axis are powers of ten, with 2 and 5 where there is room", () => {
  expect(texts(logTicks(0.2, 5, 6))).toEqual(["0.2", "0.5", "1", "2", "5"]);
  expect(texts(logTicks(1e-6, 1, 4))).toEqual(["10^{−6}", "10^{−4}", "10^{−2}", "10^{0}"]);
});

it("lie inside the axis, ascend and have different texts", () => {
  const end = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  const span = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(end, span, fc.integer({ min: 2, max: 10 }), (min, width, count) => {
      const max = min + width;
      const ticks = linearTicks(min, max, count);
      expect(ticks.length).toBeLessThanOrEqual(count + 1);
      for (const { value } of ticks) {
        expect(value).toBeGreaterThanOrEqual(min - width * 1e-6);
        expect(value).toBeLessThanOrEqual(max + width * 1e-6);
      }
      if (width > Math.abs(min) * 1e-3) expect(new Set(texts(ticks)).size).toBe(ticks.length);
    }),
  );
});

it("do not carry rounding errors", () => {
  expect(multiples(0, 0.7, 0.1)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  expect(niceStep(0.7, 7)).toBe(0.1);
});

it.each([
  [0, "0"],
  [-1.23456, "−1.23"],
  [0.5, "0.5"],
  [1234, "1230"],
  [1e-7, "1e−7"],
  [2.5e9, "2.5e9"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "−∞"],
])("a number by itself: %d is %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

/** @file Where an axis has its ticks, and how their numbers are written. */

import { largestOf } from "../base/extremes.ts";
/** A tick: where it is and what it says. */
export interface Tick {
  value: number;
  text: string;
}

/** How an axis writes its numbers: as they are, or a share of one as percent. */
export type NumberFormat = "number" | "percent";

/** The step of 1, 2 or 5 times a power of ten (at least 1 for whole numbers) that gives about `count` steps. */
export function niceStep(span: number, count: number, integer = false): number {
  const raw = span / Math.max(1, count);
  if (!(raw > 0) || !Number.isFinite(raw)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((factor) => factor * power >= raw * (1 - 1e-9)) ?? 10) * power;
  return integer ? Math.max(1, Math.round(step)) : step;
}

/** Multiples of `step` inside [min, max]. */
export function multiples(min: number, max: number, step: number): number[] {
  const slack = 1e-9;
  const first = Math.ceil(min / step - slack);
  const last = Math.floor(max / step + slack);
  // dividing by the inverse of a small step keeps 0.3 from becoming 0.30000000000000004
  const inverse = Math.round(1 / step);
  const value = (i: number) => (step < 1 && Math.abs(inverse * step - 1) < slack ? i / inverse : i * step);
  return Array.from(
    { length: Math.min(200, Math.max(0, last - first + 1)) },
    (_, i) => value(first + i) || 0,
  );
}

/** Ticks of a linear axis over [min, max], about `count` of them, at multiples of `step` where that is not far more. */
export function linearTicks(
  min: number,
  max: number,
  count: number,
  options: { integer?: boolean; format?: NumberFormat; step?: number } = {},
): Tick[] {
  const { integer, step: own = 0 } = options;
  const step = own * count * 1.7 >= max - min ? own : niceStep(max - min, count, integer);
  const values = multiples(min, max, step);
  const texts = formatNumbers(values, step, options.format);
  return values.map((value, i) => ({ value, text: texts[i]! }));
}

/** Ticks of a logarithmic axis over [min, max], min > 0: powers of ten, with 2 and 5 between where there is room. */
export function logTicks(min: number, max: number, count: number): Tick[] {
  const first = Math.floor(Math.log10(min) + 1e-9);
  const last = Math.ceil(Math.log10(max) - 1e-9);
  const decades = last - first;
  // the powers that are inside, of which every `stride`-th is written
  const inside = Math.floor(Math.log10(max) + 1e-9) - Math.ceil(Math.log10(min) - 1e-9) + 1;
  const stride = Math.max(1, Math.ceil(inside / Math.max(2, count)));
  const factors = decades <= 1 || decades * 3 <= count + 2 ? [1, 2, 5] : [1];
  // one way of writing for the whole axis
  const short = min >= 1e-3 * (1 - 1e-9) && max <= 1e6 * (1 + 1e-9);
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power++) {
    if (power % stride !== 0) continue;
    for (const factor of factors) {
      const value = power < 0 ? factor / 10 ** -power : factor * 10 ** power;
      if (value < min * (1 - 1e-9) || value > max * (1 + 1e-9)) continue;
      const text = short
        ? formatNumbers([value], value)[0]!
        : `${factor === 1 ? "" : `${factor}·`}10^{${minus(String(power))}}`;
      ticks.push({ value, text });
    }
  }
  return ticks;
}

/** The numbers of one axis with the same decimals and unit: 10k, 0.25, 5·10⁻⁵, 40%. `step` is their distance. */
export function formatNumbers(
  values: readonly number[],
  step: number,
  format: NumberFormat = "number",
): string[] {
  if (format === "percent") {
    const decimals = Math.min(3, decimalsOf(step * 100));
    return values.map((value) => `${minus((value * 100).toFixed(decimals))}%`);
  }
  const largest = largestOf(values.map(Math.abs), 0);
  if (largest > 0 && largest < 1e-3) {
    const power = Math.floor(Math.log10(largest) + 1e-9);
    const decimals = decimalsOf(step / 10 ** power);
    return values.map((value) =>
      value === 0 ? "0" : `${minus((value / 10 ** power).toFixed(decimals))}·10^{${minus(String(power))}}`,
    );
  }
  const [unit, suffix] =
    largest >= 1e15
      ? [1, "e"]
      : largest >= 1e9
        ? [1e9, "G"]
        : largest >= 1e6
          ? [1e6, "M"]
          : largest >= 1e4
            ? [1e3, "k"]
            : [1, ""];
  if (suffix === "e") return values.map((value) => (value === 0 ? "0" : minus(value.toExponential(1))));
  const decimals = decimalsOf(step / unit);
  return values.map((value) => (value === 0 ? "0" : `${minus((value / unit).toFixed(decimals))}${suffix}`));
}

/** One number by itself, to three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return minus(value.toExponential(1).replace("e+", "e").replace(".0e", "e"));
  return minus(String(Number(value.toPrecision(3))));
}

function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < 8; decimals++) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled)) return decimals;
  }
  return 8;
}

function minus(text: string): string {
  return text.replace("-", "−");
}

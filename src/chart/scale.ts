/** @file From data to the unit interval: linear and logarithmic scales whose ends are chosen from the data. */

import { linearTicks, logTicks, multiples, type NumberFormat, niceStep, type Tick } from "./ticks.ts";

/** One axis as the caller describes it. Put the unit into the label: "time (s)", "R^c (nats)". */
export interface AxisOptions {
  label?: string;
  scale?: "linear" | "log";
  /** Ends of the axis; what lies outside is cut off. Chosen from the data by default. */
  min?: number;
  max?: number;
  /** Contains zero, wherever the data lie. */
  zero?: boolean;
  format?: NumberFormat;
}

/** An axis with its ends: `unit` maps data to [0, 1], or NaN where the scale has no place for a number. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  unit(value: number): number;
  ticks(count: number): Tick[];
}

/** Zero for what is smaller than 1e-100: steps of ticks below that would vanish. */
export function snap(value: number): number {
  return Math.abs(value) < 1e-100 ? 0 : value;
}

/** A linear scale over exactly [min, max]. */
export function linearScale(
  min: number,
  max: number,
  options: { integer?: boolean; format?: NumberFormat; step?: number } = {},
): Scale {
  const span = max - min;
  return {
    min,
    max,
    unit: (value) => (span === 0 ? 0.5 : (value - min) / span),
    ticks: (count) => linearTicks(min, max, count, options),
  };
}

/** A logarithmic scale over [min, max], 0 < min; numbers that are not positive have no place on it. */
export function logScale(min: number, max: number): Scale {
  const low = Math.log(min);
  const span = Math.log(max) - low;
  return {
    min,
    max,
    unit: (value) => (value > 0 ? (span === 0 ? 0.5 : (Math.log(value) - low) / span) : Number.NaN),
    ticks: (count) => logTicks(min, max, count),
  };
}

/**
 * The scale for an axis that shows `values` (those that are not finite are left out). With `round`, as a y axis has
 * it, the ends move out to round numbers, and to zero where that costs little room.
 */
export function scaleFor(values: Iterable<number>, options: AxisOptions, round: boolean): Scale {
  const log = options.scale === "log";
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let integer = options.format !== "percent";
  for (const given of values) {
    const value = snap(given);
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    integer &&= Number.isInteger(value);
  }
  if (options.zero && !log && low <= high) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (low > high) [low, high] = log ? [1, 10] : [0, 1];
  if (log) {
    if (high <= low * (1 + 1e-6)) [low, high] = [low / 2, high * 2];
    return logScale(
      options.min ?? (round ? decadePart(low, -1) : low),
      options.max ?? (round ? decadePart(high, 1) : high),
    );
  }
  if (round && low > 0 && low < 0.4 * high) low = 0;
  if (round && high < 0 && high > 0.4 * low) high = 0;
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
    const half = integer ? 1 : Math.abs(low) / 10 || 0.5;
    [low, high] = round && low > 0 ? [0, high * 1.2] : [low - half, high + half];
  }
  let [min, max] = [options.min ?? low, options.max ?? high];
  if (!(min < max)) max = min + 1;
  let step = 0;
  if (round) {
    step = niceStep(max - min, 5, integer);
    if (options.min === undefined) min = multiples(Math.floor(min / step + 1e-9) * step, max, step)[0] ?? min;
    if (options.max === undefined) max = Math.ceil(max / step - 1e-9) * step + 0; // not −0
  }
  return linearScale(min, max, { integer, step, ...(options.format && { format: options.format }) });
}

/** The next 1, 2 or 5 times a power of ten, downwards (−1) or upwards (1). */
function decadePart(value: number, direction: -1 | 1): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const parts = [1, 2, 5, 10].map((factor) => factor * power);
  if (direction === 1) return parts.find((part) => part >= value * (1 - 1e-9)) ?? value;
  return parts.findLast((part) => part <= value * (1 + 1e-9)) ?? value;
}

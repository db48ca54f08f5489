/** @file Medians and their spread. */

export interface Summary {
  median: number;
  /** Median absolute deviation from the median. */
  mad: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function summarise(values: readonly number[]): Summary {
  const centre = median(values);
  return { median: centre, mad: median(values.map((value) => Math.abs(value - centre))) };
}

/** A number that is not measured several times. */
export const exactly = (value: number): Summary => ({ median: value, mad: 0 });

/** Slope of the least-squares line through (0, y₀), (1, y₁), … */
export function slope(values: readonly number[]): number {
  const n = values.length;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((sum, y) => sum + y, 0) / n;
  const products = values.map((y, x) => (x - meanX) * (y - meanY));
  const squares = values.map((_, x) => (x - meanX) ** 2);
  return products.reduce((a, b) => a + b, 0) / squares.reduce((a, b) => a + b, 0);
}

/** @file The largest and the least of many numbers: `Math.max(...values)` overflows the stack from some 120,000 on. */

/** max(start, max values); `start` where there are none. */
export function largestOf(values: Iterable<number>, start = Number.NEGATIVE_INFINITY): number {
  let most = start;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** min(start, min values); `start` where there are none. */
export function leastOf(values: Iterable<number>, start = Number.POSITIVE_INFINITY): number {
  let fewest = start;
  for (const value of values) fewest = Math.min(fewest, value);
  return fewest;
}

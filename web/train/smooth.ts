/** @file The smoothed curve, which is drawn over the raw one and never instead of it. */

/**
 * m_i = w m_{i−1} + (1 − w) x_i, divided by 1 − w^i so that it begins at the first number (as Adam's means are).
 * @param weight w in 0 … 1 of what came before
 */
export function smoothed(values: readonly (number | null | undefined)[], weight: number): (number | null)[] {
  let [mean, share] = [0, 0];
  return Array.from(values, (x) => {
    if (x == null) return null;
    mean = weight * mean + (1 - weight) * x;
    share = weight * share + (1 - weight);
    return mean / share;
  });
}

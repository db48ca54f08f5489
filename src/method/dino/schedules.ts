/** @file What moves while DINO trains: rates, decay, momentum, temperature. */

/** From `from` at step 0 to `to` at step `total` by half a cosine. */
export const cosineBetween =
  (from: number, to: number, total: number) =>
  (t: number): number =>
    to + ((from - to) * (1 + Math.cos((Math.PI * Math.min(t, total)) / total))) / 2;

/** A straight rise from 0 that reaches `highest` at step `warmup` − 1, then a cosine from it to `lowest`. */
export function risenCosine(highest: number, lowest: number, total: number, warmup: number) {
  const fall = cosineBetween(highest, lowest, Math.max(total - warmup, 1));
  return (t: number): number =>
    t < warmup ? (warmup > 1 ? (highest * t) / (warmup - 1) : 0) : fall(t - warmup);
}

/** A straight line from `from` at epoch 0 that reaches `to` at epoch `epochs` − 1, and stays there. */
export const straightTo =
  (from: number, to: number, epochs: number) =>
  (epoch: number): number =>
    epoch >= epochs ? to : from + (epochs > 1 ? ((to - from) * epoch) / (epochs - 1) : 0);

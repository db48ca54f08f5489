/** @file Mean and standard deviation of a set's pixels: what the normalising constants are made of. */
import type { ImageSet } from "./image-set.ts";
import type { Normalisation } from "./normalise.ts";

/** Mean and standard deviation per channel over all pixels, of value / 255. */
export function moments(set: ImageSet): Normalisation {
  const plane = set.height * set.width;
  const [mean, std]: [number[], number[]] = [[], []];
  for (let c = 0; c < set.channels; c++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < set.count; i++) {
      const at = (i * set.channels + c) * plane;
      for (let p = at; p < at + plane; p++) {
        sum += set.images[p]!;
        squares += set.images[p]! ** 2;
      }
    }
    const n = set.count * plane;
    mean.push(sum / n / 255);
    std.push(Math.sqrt(squares / n - (sum / n) ** 2) / 255);
  }
  return { mean, std };
}

/** @file Where a layer's R^c is: in which of its heads, and in which stretches of a sequence. */

import { halfLogDet, withDigits } from "../rate/index.ts";
import { scope, type Tensor } from "../tensor/index.ts";

/** Means over samples, nats. */
export interface RateParts {
  /** Of each head: their sum is the layer's `authorsRate`. */
  headRates: number[];
  /** [window][head], of the tokens of each window alone; a window's sum over heads is its R^c. */
  windowRates?: number[][];
}

/** Stretches that a text is measured in. */
export const TEXT_WINDOWS = 8;

/** R̂ᶜ of each head by the authors' estimator, ½ log det(I + p/(n ε) ŴₖᵀŴₖ): W [..., n, p] → [...] */
const headRates = (W: Tensor, epsilon: number): Tensor =>
  withDigits([W], (W) => halfLogDet(W.div(W.norm(-1, true)), W.size(-1) / (W.size(-2) * epsilon)));

/**
 * Sums over samples. A window is a stretch of ⌊n / windows⌋ tokens, the first ones first; tokens that are left at the end are in
 * none. All have as many tokens, so that their rates compare; with those of the whole sequence they do not.
 */
export class RatePartSums {
  private count = 0;
  private heads: number[] = [];
  private readonly byWindow: number[][] = [];

  constructor(private readonly settings: { authorsEpsilon: number; windows: number }) {}

  /** @param W LN(Z^ℓ)U^ℓ by heads, [b, K, n, p] */
  add(W: Tensor): void {
    const { authorsEpsilon: epsilon, windows } = this.settings;
    const [b, K, n] = W.shape as [number, number, number];
    this.count += b;
    scope(() => {
      const wide = W.to("float64");
      this.heads = sum(this.heads, headRates(wide, epsilon).sum(0).numbers());
      const m = windows === 0 ? 0 : Math.floor(n / windows);
      if (m === 0) return;
      for (let w = 0; w < windows; w++) {
        const rates = headRates(wide.narrow(2, w * m, m), epsilon); //          [b, K]
        this.byWindow[w] = sum(
          this.byWindow[w] ?? Array.from({ length: K }, () => 0),
          rates.sum(0).numbers(),
        );
      }
    }, "RatePartSums");
  }

  /** Nothing where no sample had subspaces. */
  means(): RateParts | undefined {
    const { count, heads, byWindow } = this;
    if (count === 0) return undefined;
    const mean = (sums: readonly number[]) => sums.map((value) => value / count);
    return { headRates: mean(heads), ...(byWindow.length > 0 && { windowRates: byWindow.map(mean) }) };
  }
}

const sum = (a: readonly number[], b: readonly number[]): number[] =>
  b.map((value, i) => value + (a[i] ?? 0));

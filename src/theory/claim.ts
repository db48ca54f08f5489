/** @file What a claim is: a statement of a paper, an experiment that measures it, and the numbers that decide. */

import type { Random } from "../tensor/index.ts";
import type { Plot } from "./plot.ts";

/** A number that an experiment measured, and the range in which the claim expects it; recorded only where it has none. */
export interface Measure {
  value: number;
  least?: number;
  most?: number;
}

export const atMost = (value: number, most: number): Measure => ({ value, most });
export const atLeast = (value: number, least: number): Measure => ({ value, least });
export const between = (value: number, least: number, most: number): Measure => ({ value, least, most });
/** Expected ± within. */
export const near = (value: number, expected: number, within: number): Measure =>
  between(value, expected - within, expected + within);
/** A number to be shown, which decides nothing. */
export const recorded = (value: number): Measure => ({ value });

/** Whether a measure is finite and in its range. */
export const passes = ({ value, least, most }: Measure): boolean =>
  Number.isFinite(value) && value >= (least ?? value) && value <= (most ?? value);

export interface ClaimOptions {
  /** The claim's own stream. */
  random: Random;
  /** Smaller sizes, the same verdict. */
  quick: boolean;
}

/** What one run of a claim found. */
export interface ClaimResult {
  /** The outcome in a few words. */
  measured: string;
  /** By name; the claim fails unless all of them are in their ranges. */
  numbers: Readonly<Record<string, Measure>>;
  plot: Plot;
}

/** One statement of the theory, as a numeric experiment. */
export interface Claim {
  /** In kebab case: the name on the command line and of the figure. */
  readonly name: string;
  /** The claim in one sentence. */
  readonly title: string;
  /** Paper, with theorem or equation, and the experiment's number. */
  readonly source: string;
  /** What has to be measured. */
  readonly expected: string;
  /**
   * Where the claim holds, or what its paper's form misses. With `kind` "fails as understood" the experiment measures
   * that it fails, and how: the failure is then what is expected.
   */
  readonly condition?: { readonly kind: "holds where" | "fails as understood"; readonly text: string };
  run(options: ClaimOptions): ClaimResult;
}

/** A number in a few characters: 0.9866, 12.5, 3.1e-12. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toPrecision(size >= 100 ? 5 : 4)));
}

/** @file The incremental closed loop: new classes are learned while the memory of old ones is held in place. */

import { cat, type Tensor, UsageError } from "../tensor/index.ts";
import { checkRows, side } from "./closed-loop.ts";
import type { RateOptions } from "./coding-rate.ts";
import { type Parts, partsOf } from "./parts.ts";
import { distance, evaluate, type Objective, type RateSum, reduction } from "./rate-sums.ts";

export interface IncrementalOptions extends RateOptions {
  classes: number;
  /** Classes that are being learned. */
  fresh: readonly number[];
  /** Classes that are held: see `heldClasses`. */
  held: readonly number[];
  /** λ, before the distances of the new classes. */
  lambda: number;
  /** γ, before the distances of the held classes; 1 in the authors' code. */
  gamma?: number;
}

/**
 * The classes whose distance the step holds at zero, of `classes` seen so far with the last `step` of them new.
 *
 * `"paper"`: the old ones, 0 … classes − step − 1. `"code"`: the authors' loop runs to the largest label, so that of
 * several new classes all but the last are held as well: the encoder's weight of their distance is λ − γ in place of λ.
 * With one class per task both are the same.
 */
export const heldClasses = (classes: number, step: number, form: "code" | "paper"): number[] =>
  Array.from({ length: form === "paper" ? classes - step : classes - 1 }, (_, k) => k);

/**
 * What the encoder ascends:
 *
 *     ΔR(Z | Π) + ΔR(Ẑ | Π) + λ Σ_{k new} ΔR(Zₖ, Ẑₖ) − γ Σ_{k held} ΔR(Zₖ, Ẑₖ)
 *
 * @param Z [f(X); Z_mem], [n, d]
 * @param Zhat Ẑ = f([g(f(X)); X_mem]), [n, d], with the decoder's images detached
 * @param labels [n], int64, of the new samples and then of the memory
 * @see Tong et al. 2023, the encoder's objective
 */
export function incrementalEncoderObjective(
  Z: Tensor,
  Zhat: Tensor,
  labels: Tensor,
  options: IncrementalOptions,
): Objective<"features" | "transcribed" | "fresh" | "held"> {
  checkRows({ Z, Zhat }, labels);
  const { classes, held } = options;
  const parts = partsOf(labels, classes, 2, options.across);
  const terms = { ...common(parts, options), held: distances(parts, held, (k) => [k, classes + k]) };
  return evaluate(cat([Z, Zhat]), parts, terms, options, signs(options, -1));
}

/**
 * What the decoder descends:
 *
 *     ΔR(Z | Π) + ΔR(Ẑ | Π) + λ Σ_{k new} ΔR(Zₖ, Ẑₖ) + γ Σ_{k held} ΔR(Ẑ'ₖ, Ẑₖ)
 *
 * The held classes are compared between two decoders: Ẑ' = f(g(Z)) of the one that learns, Ẑ = f([g(f(X)); X_mem])
 * whose memory images are those that the decoder made when the task began.
 */
export function incrementalDecoderObjective(
  Z: Tensor,
  Zhat: Tensor,
  Zagain: Tensor,
  labels: Tensor,
  options: IncrementalOptions,
): Objective<"features" | "transcribed" | "fresh" | "held"> {
  checkRows({ Z, Zhat, Zagain }, labels);
  const { classes, held } = options;
  const parts = partsOf(labels, classes, 3, options.across);
  const again = distances(parts, held, (k) => [classes + k, 2 * classes + k]);
  const terms = { ...common(parts, options), held: again };
  return evaluate(cat([Z, Zhat, Zagain]), parts, terms, options, signs(options, 1));
}

function common(
  parts: Parts,
  { classes, fresh }: IncrementalOptions,
): Record<"features" | "transcribed" | "fresh", RateSum> {
  for (const k of fresh)
    if (!(k >= 0 && k < classes))
      throw new UsageError(`closed loop: expected new classes of 0 to ${classes - 1}, got ${k}`);
  return {
    features: reduction(parts, side(classes, 0)),
    transcribed: reduction(parts, side(classes, 1)),
    fresh: distances(parts, fresh, (k) => [k, classes + k]),
  };
}

const distances = (
  parts: Parts,
  classes: readonly number[],
  pair: (k: number) => [number, number],
): RateSum => classes.flatMap((k) => distance(parts, ...pair(k)));

const signs = ({ lambda, gamma = 1 }: IncrementalOptions, sign: number) => ({
  fresh: lambda,
  held: sign * gamma,
});

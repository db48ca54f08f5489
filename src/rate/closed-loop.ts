/**
 * @file Closed-loop transcription: what the encoder f ascends and the decoder g descends, on Z = f(X) and Ẑ = f(g(Z)).
 */

import { cat, type Tensor, tensor, UsageError } from "../tensor/index.ts";
import type { RateOptions } from "./coding-rate.ts";
import { type Parts, partsOf } from "./parts.ts";
import { distance, evaluate, type Objective, reduction } from "./rate-sums.ts";

/** ε of the authors' closed loop: their `eps` is ε² = ½. */
export const CLOSED_LOOP_EPSILON = Math.SQRT1_2;

/**
 * The objective without labels, a distance between two sets of features that sees their second moments only:
 *
 *     ΔR(Z, Ẑ) = R([Z; Ẑ]) − n/(n+m) R(Z) − m/(n+m) R(Ẑ) ≥ 0,     0 where ZᵀZ/n = ẐᵀẐ/m
 *
 * @param Z [n, d]
 * @param Zhat Ẑ, [m, d]
 * @see Dai et al. 2022, the objective without labels
 */
export function binaryObjective(Z: Tensor, Zhat: Tensor, options: RateOptions): Objective<"whole" | "parts"> {
  const sides = new BigInt64Array(Z.size(0) + Zhat.size(0)).fill(1n, Z.size(0));
  const parts = partsOf(tensor(sides, { device: Z.device }), 2, 1, options.across);
  const [whole, ...rest] = distance(parts, 0, 1);
  const terms = { whole: whole === undefined ? [] : [whole], parts: rest };
  return evaluate(cat([Z, Zhat]), parts, terms, options);
}

/** ΔR(A, B) = R([A; B]) − n_A/N R(A) − n_B/N R(B), A [n_A, d], B [n_B, d] → [], nats. */
export const rateDistance = (A: Tensor, B: Tensor, options: RateOptions): Tensor =>
  binaryObjective(A, B, options).objective;

export interface MultiOptions extends RateOptions {
  classes: number;
  /** γ₁, γ₂, γ₃ before the three terms. */
  weights?: readonly [number, number, number];
  /** `partsOf(labels, classes, 2, across)`, where it is at hand from an earlier step on the same batch. */
  parts?: Parts;
}

/** The members of one side: parts side · classes … */
export const side = (classes: number, index: number): number[] =>
  Array.from({ length: classes }, (_, k) => index * classes + k);

/**
 * The objective with labels:
 *
 *     γ₁ ΔR(Z | Π) + γ₂ ΔR(Ẑ | Π) + γ₃ Σₖ ΔR(Zₖ, Ẑₖ)
 *
 * A class without samples contributes 0 (the authors' code divides by zero there). From 2K class Grams, with all
 * 3K + 2 log-determinants in one batch.
 *
 * @param Z [n, d]
 * @param Zhat Ẑ, [n, d], row i made from row i of Z
 * @param labels [n], int64
 * @throws {UsageError} a label out of range, shapes that differ
 * @see Dai et al. 2022, the objective with labels
 */
export function multiObjective(
  Z: Tensor,
  Zhat: Tensor,
  labels: Tensor,
  options: MultiOptions,
): Objective<"features" | "transcribed" | "distance"> {
  checkRows({ Z, Zhat }, labels);
  const { classes, weights: [features, transcribed, far] = [1, 1, 1] } = options;
  const parts = options.parts ?? partsOf(labels, classes, 2, options.across);
  const terms = {
    features: reduction(parts, side(classes, 0)),
    transcribed: reduction(parts, side(classes, 1)),
    distance: side(classes, 0).flatMap((k) => distance(parts, k, classes + k)),
  };
  const weights = { features, transcribed, distance: far };
  return evaluate(cat([Z, Zhat]), parts, terms, options, weights);
}

/** ΔR(Z | Π) of features [n, d] with labels [n]: `rate` is R(Z), `classRate` is Rᶜ(Z | Π). */
export function featureObjective(
  Z: Tensor,
  labels: Tensor,
  options: RateOptions & { classes: number },
): Objective<"rate" | "classRate"> {
  checkRows({ Z }, labels);
  const parts = partsOf(labels, options.classes, 1, options.across);
  const [rate, ...classes] = reduction(parts, side(options.classes, 0));
  const terms = { rate: rate === undefined ? [] : [rate], classRate: negated(classes) };
  return evaluate(Z, parts, terms, options, { rate: 1, classRate: -1 });
}

const negated = <T>(sum: readonly (readonly [number, T])[]): [number, T][] =>
  sum.map(([weight, union]) => [-weight, union]);

/** Every argument has a row per label. */
export function checkRows(features: Readonly<Record<string, Tensor>>, labels: Tensor): void {
  for (const [name, tensor] of Object.entries(features))
    if (tensor.dim !== 2 || tensor.size(0) !== labels.size(0))
      throw new UsageError(
        `closed loop: expected ${name} [${labels.size(0)}, d], one row per label, got ${tensor.describe()}`,
      );
}

/** @file The rate reduction after a layer, with the classes taken in three ways. */

import { type Segments, segments } from "../../rate/index.ts";
import { cat, type Group, noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { type Counts, factored, type Spread } from "./gram.ts";
import { logDetOf } from "./hermitian.ts";
import type { Spectrum } from "./spectrum.ts";

/** Rates after a layer, nats per shift: R and, by whose labels, Rᶜ. ΔR is R minus one of them. */
export interface LayerRates {
  /** R */
  rate: number;
  /** Rᶜ with the labels the layer predicts, classes weighted by how often it predicts them: what the authors log. */
  predicted: number;
  /** Rᶜ with the predicted labels, classes weighted by the γ stored in the layer. */
  stored: number;
  /** Rᶜ with the true labels. */
  true: number;
  /** Share of samples whose predicted label is the true one. */
  accuracy: number;
}

/**
 * Rates of features V⁺ [P, n, C] after a layer, (1/2T) Σ_p log det(I + α S(p)) and its classes' analogues.
 *
 * @param predicted int64 [n], from the layer's memberships
 * @param labels int64 [n], the true ones
 * @param across other processes that hold samples
 */
export function layerRates(
  V: Tensor,
  spectrum: Spectrum,
  epsSq: number,
  { predicted, labels, gamma }: { predicted: Tensor; labels: Tensor; gamma: Tensor },
  where: string,
  across?: Group,
): LayerRates {
  return noGrad(() =>
    scope(() => {
      const classes = gamma.numel;
      const byPrediction = segments(predicted, classes);
      const byLabel = segments(labels, classes);
      const spread = (by: Tensor) => across && { group: across, labels: by };
      const guessed = ratesOf(V, spectrum, epsSq, byPrediction, where, spread(predicted));
      const truth = ratesOf(V, spectrum, epsSq, byLabel, where, spread(labels));
      const right = predicted.eq(labels).sum();
      const correct = (across === undefined ? right : across.allReduce(right)).item();
      return {
        rate: guessed.rate,
        predicted: weighted(guessed.ofClasses, shares(guessed.counts)),
        stored: weighted(guessed.ofClasses, gamma.numbers()),
        true: weighted(truth.ofClasses, shares(truth.counts)),
        accuracy: correct / truth.counts.total,
      };
    }, "layer rates"),
  );
}

/** Rates of all samples and of each class. */
function ratesOf(
  V: Tensor,
  spectrum: Spectrum,
  epsSq: number,
  classes: Segments,
  where: string,
  spread?: Spread,
): { rate: number; ofClasses: number[]; counts: Counts } {
  const { all, each, counts } = factored(V, classes, epsSq, where, spread);
  const logDets = cat([logDetOf(all.L).unsqueeze(1), logDetOf(each.L)], 1); //  [P, 1 + K]
  const weights = spectrum
    .weights(V)
    .div(2 * spectrum.shifts)
    .unsqueeze(-1);
  const [rate, ...ofClasses] = logDets.mul(weights).sum(0).numbers() as [number, ...number[]];
  return { rate, ofClasses, counts };
}

const shares = ({ counts, total }: Counts): number[] => counts.map((count) => count / total);
const weighted = (values: readonly number[], weights: readonly number[]): number =>
  values.reduce((sum, value, k) => sum + value * weights[k]!, 0);

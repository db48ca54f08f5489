/** @file The rate reduction after a layer, with the classes taken in three ways. */

import { type Segments, segments } from "../../rate/index.ts";
import { cat, noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { factored } from "./gram.ts";
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
 */
export function layerRates(
  V: Tensor,
  spectrum: Spectrum,
  epsSq: number,
  { predicted, labels, gamma }: { predicted: Tensor; labels: Tensor; gamma: Tensor },
  where: string,
): LayerRates {
  return noGrad(() =>
    scope(() => {
      const classes = gamma.numel;
      const byPrediction = segments(predicted, classes);
      const byLabel = segments(labels, classes);
      const [rate, ...ofPredicted] = ratesOf(V, spectrum, epsSq, byPrediction, where);
      const [, ...ofTrue] = ratesOf(V, spectrum, epsSq, byLabel, where);
      const correct = predicted.eq(labels).sum().item();
      return {
        rate: rate!,
        predicted: weighted(ofPredicted, shares(byPrediction)),
        stored: weighted(ofPredicted, gamma.numbers()),
        true: weighted(ofTrue, shares(byLabel)),
        accuracy: correct / labels.numel,
      };
    }, "layer rates"),
  );
}

/** Rates of all samples and of each class. */
function ratesOf(V: Tensor, spectrum: Spectrum, epsSq: number, classes: Segments, where: string): number[] {
  const { all, each } = factored(V, classes, epsSq, where);
  const logDets = cat([logDetOf(all.L).unsqueeze(1), logDetOf(each.L)], 1); //  [P, 1 + K]
  const weights = spectrum
    .weights(V)
    .div(2 * spectrum.shifts)
    .unsqueeze(-1);
  return logDets.mul(weights).sum(0).numbers();
}

const shares = ({ counts, total }: Segments): number[] => counts.map((count) => count / total);
const weighted = (values: readonly number[], weights: readonly number[]): number =>
  values.reduce((sum, value, k) => sum + value * weights[k]!, 0);

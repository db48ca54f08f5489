/** @file What every layer made of a picture, from the values of a pass. */

import { authorsRate, type GraphLayer, nonZero, type Value } from "../src/graph/index.ts";
import type { Values } from "./engine/engine.ts";

/** What one layer made of the picture. */
export interface LayerSeen {
  input: Value;
  half: Value;
  output: Value;
  /** As the heads compute it, those too that are removed then. */
  attention: Value;
  /** Rᶜ by the authors' estimator, nats; of layers that have subspaces. */
  rate: number | undefined;
  nonZero: number;
}

export interface Seen {
  /** Of classes, with the heads removed that are. */
  probabilities: readonly number[];
  /** With all heads. */
  whole: readonly number[];
  layers: readonly LayerSeen[];
  /** The shortest of the last forward passes, in milliseconds. */
  ms: number;
}

/** Names of what `layerSeen` needs. */
export function fetchesOf(layers: readonly GraphLayer[]): string[] {
  const names = layers.flatMap(({ input, half, output, attention, projection }) => [
    ...[input, half, output, attention],
    ...(projection === undefined ? [] : [projection]),
  ]);
  return ["logits", ...new Set(names)];
}

/** @param before attention from which heads were removed, as it was before that */
export function layerSeen(
  { input, half, output, attention, projection }: GraphLayer,
  values: Values,
  before: Values,
  epsilon: number,
): LayerSeen {
  const W = projection === undefined ? undefined : values[projection];
  return {
    ...{ input: values[input]!, half: values[half]!, output: values[output]! },
    attention: before[attention] ?? values[attention]!,
    rate: W && authorsRate(W, epsilon)[0]!,
    nonZero: nonZero(values[output]!)[0]!,
  };
}

export function softmax({ data }: Value): number[] {
  const logits = Array.from(data);
  const largest = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

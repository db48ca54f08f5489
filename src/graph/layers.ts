/** @file The layers of tokens that a graph shows, found by the names of its probes. */

import type { Graph } from "./graph.ts";

/** Names of values; each is an output of the graph. */
export interface GraphLayer {
  /** `block.2` */
  readonly path: string;
  /** Z^ℓ [b, n, d] */
  readonly input: string;
  /** Z^{ℓ+½}: after attention. */
  readonly half: string;
  /** Z^{ℓ+1} */
  readonly output: string;
  /** [b, K, n, n] */
  readonly attention: string;
  /** LN(Z^ℓ)U^ℓ by heads, [b, K, n, p]; white boxes have it. */
  readonly projection: string | undefined;
}

/** In order; of a model with a decoder the encoder's. Empty where the graph shows no layers of tokens. */
export function layersOf(graph: Graph): GraphLayer[] {
  const names = graph.outputs.map(({ name }) => name);
  const found = names.flatMap((path) => {
    const [, before, place] = /^(.*?)block\.(\d+)$/.exec(path) ?? [];
    return before === undefined ? [] : [{ path, before, place: Number(place) }];
  });
  const layers: GraphLayer[] = [];
  for (const { path, before } of found.sort((a, b) => a.place - b.place)) {
    const end = (ending: string) =>
      names.find((name) => name.startsWith(`${path}.`) && name.endsWith(`.${ending}`));
    const [half, attention] = [end("half"), end("attention")];
    const input = layers.at(-1)?.output ?? names.find((name) => name === `${before}tokens`);
    if (half === undefined || attention === undefined || input === undefined) return [];
    layers.push({ path, input, half, output: path, attention, projection: end("projection") });
  }
  return layers;
}

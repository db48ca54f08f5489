/** @file What runs a graph in the page. */

import { type Change, type Graph, Interpreter, type Value } from "../src/graph/index.ts";

export type Values = Readonly<Record<string, Value>>;
export type Patch = Readonly<Record<string, Change>>;

export interface Engine {
  /** Named in the page. */
  readonly name: string;
  /** @param patch values that are changed as they are made: what follows is computed from the changed ones */
  run(feeds: Values, fetches: readonly string[], patch?: Patch): Promise<Values> | Values;
}

/** Our own interpreter: no start-up, at once for small networks. */
export function interpreter(graph: Graph): Engine {
  const net = new Interpreter(graph);
  return { name: "plain JavaScript", run: (feeds, fetches, patch = {}) => net.run(feeds, fetches, patch) };
}

/** The weights of one head, attention [1, K, n, n], put to 0. */
export const withoutHeads =
  (heads: readonly number[]): Change =>
  (value) => {
    const [, K = 1] = value.dims;
    const data = value.data.slice();
    const each = data.length / K;
    for (const k of heads) data.fill(0, k * each, (k + 1) * each);
    return { ...value, data };
  };

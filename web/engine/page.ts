/** @file Our own interpreter in the page itself: no start-up, at once for small networks. */

import { type Graph, Interpreter } from "../../src/graph/index.ts";
import type { Engine } from "./engine.ts";
import { passAtOnce } from "./passes.ts";

export function inPage(graph: Graph): Engine {
  const net = new Interpreter(graph);
  return {
    name: "the page's own interpreter",
    isAside: false,
    run: (feeds, fetches, without) => passAtOnce(net, feeds, fetches, without),
    close: () => {},
  };
}

/** Multiplications of a pass, about: what weights are multiplied with, for each token. */
export function workOf({ nodes, constants }: Graph, tokens: number): number {
  let work = 0;
  for (const { operator, inputs } of nodes)
    if (operator === "MatMul" || operator === "Conv")
      work += (constants.get(inputs[1] ?? "")?.data.length ?? 0) * tokens;
  return work;
}

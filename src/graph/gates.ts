/** @file A graph whose heads can be removed by inputs: for runtimes that change no value on the way. */

import { UsageError } from "../base/errors.ts";
import type { Graph, GraphNode, Port } from "./graph.ts";

/**
 * Each named attention [b, K, n, n] stays an output; what follows takes it times the new input `NAME.gate` [1, K, 1, 1]:
 * 1 for every head, 0 for one that is removed.
 *
 * @throws {UsageError} a name that no node makes, or whose heads are not known
 */
export function withGates(graph: Graph, names: readonly string[]): Graph {
  const gates = new Map(names.map((name) => [name, `${name}.gate`]));
  const ports = names.map((name): Port => {
    const K = graph.outputs.find((output) => output.name === name)?.dims[1];
    if (typeof K !== "number") throw new UsageError(`graph: "${name}" is no output with heads`);
    return { name: `${name}.gate`, type: "float32", dims: [1, K, 1, 1] };
  });
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const inputs = node.inputs.map((name) => (gates.has(name) ? `${name}.gated` : name));
    const made = node.outputs.find((name) => gates.has(name));
    const own = { ...node, inputs };
    if (made === undefined) return [own];
    const gate = { inputs: [made, gates.get(made)!], outputs: [`${made}.gated`], attributes: new Map() };
    return [own, { name: `${made}.gate/Mul`, operator: "Mul", ...gate }];
  });
  return { ...graph, nodes, inputs: [...graph.inputs, ...ports] };
}

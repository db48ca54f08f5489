/** @file Other η and λ for the ISTA steps of a graph, whose maps are folded. */

import type { Graph, GraphNode } from "./graph.ts";
import type { Value } from "./value.ts";

export interface IstaOptions {
  /** η, the step. */
  readonly eta: number;
  /** λ, the weight of ‖Z‖₁. */
  readonly lambda: number;
}

/** One folded step: ReLU(Z M − ηλ), M = I + η (D − DᵀD); names of M and of the shift. */
interface FoldedStep {
  map: string;
  shift: string;
}

/**
 * The graph with other η and λ. M is linear in η: M' = I + η'/η (M − I); the shift becomes −η'λ'.
 *
 * @param trained η and λ that the graph was made with
 * @returns nothing where no layer is such a step
 */
export function withIsta(graph: Graph, trained: IstaOptions, wanted: IstaOptions): Graph | undefined {
  const steps = stepsOf(graph, trained);
  if (steps.length === 0) return undefined;
  const constants = new Map(graph.constants);
  for (const { map, shift } of steps) {
    constants.set(map, scaled(constants.get(map)!, wanted.eta / trained.eta));
    const old = constants.get(shift)!;
    const data = new Float32Array(old.data.length).fill(-wanted.eta * wanted.lambda);
    constants.set(shift, { ...old, data });
  }
  return { ...graph, constants };
}

/** I + c (M − I) */
function scaled(M: Value, c: number): Value {
  const d = M.dims[0]!;
  const data = Float32Array.from(M.data, (x) => c * x);
  for (let i = 0; i < d; i++) data[i * (d + 1)]! += 1 - c;
  return { ...M, data };
}

/** Relu(Add(MatMul(Z, M), shift)) with M [d, d], and every entry of the shift −ηλ. */
function stepsOf(graph: Graph, { eta, lambda }: IstaOptions): FoldedStep[] {
  const makers = new Map(graph.nodes.map((node) => [node.outputs[0]!, node]));
  const made = (name: string | undefined, operator: string): GraphNode | undefined => {
    const node = name === undefined ? undefined : makers.get(name);
    return node?.operator === operator ? node : undefined;
  };
  /** Weights in half precision are cast first. */
  const constant = (name: string | undefined): [string, Value] | undefined => {
    const own = made(name, "Cast")?.inputs[0] ?? name;
    const value = own === undefined ? undefined : graph.constants.get(own);
    return value?.data instanceof Float32Array && own !== undefined ? [own, value] : undefined;
  };
  const near = (x: number): boolean => Math.abs(x + eta * lambda) <= 1e-3 * eta * lambda;
  return graph.nodes.flatMap((relu) => {
    const add = relu.operator === "Relu" ? made(relu.inputs[0], "Add") : undefined;
    const product = made(add?.inputs[0], "MatMul");
    const [map, shift] = [constant(product?.inputs[1]), constant(add?.inputs[1])];
    if (map === undefined || shift === undefined) return [];
    const { dims } = map[1];
    const fits = dims.length === 2 && dims[0] === dims[1] && Array.from(shift[1].data).every(near);
    return fits ? [{ map: map[0], shift: shift[0] }] : [];
  });
}

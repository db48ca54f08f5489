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
  /** LayerNorm before it, by the names of its constants. */
  norm: { weight: string; bias: string; epsilon: number } | undefined;
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
  const near = (x: number): boolean => Math.abs(x + eta * lambda) <= 1e-3 * eta * lambda;
  return graph.nodes.flatMap((relu) => {
    const step = stepAt(graph, relu);
    if (step === undefined) return [];
    return Array.from(graph.constants.get(step.shift)!.data).every(near) ? [step] : [];
  });
}

/** The step that a Relu ends; nothing where it ends something else. */
function stepAt(graph: Graph, relu: GraphNode): FoldedStep | undefined {
  const made = (name: string | undefined, operator: string): GraphNode | undefined => {
    const node = graph.nodes.find(({ outputs }) => outputs[0] === name);
    return node?.operator === operator ? node : undefined;
  };
  /** Weights in half precision are cast first. */
  const constant = (name: string | undefined): [string, Value] | undefined => {
    const own = made(name, "Cast")?.inputs[0] ?? name;
    const value = own === undefined ? undefined : graph.constants.get(own);
    return value?.data instanceof Float32Array && own !== undefined ? [own, value] : undefined;
  };
  const add = relu.operator === "Relu" ? made(relu.inputs[0], "Add") : undefined;
  const product = made(add?.inputs[0], "MatMul");
  const [map, shift] = [constant(product?.inputs[1]), constant(add?.inputs[1])];
  if (product === undefined || map === undefined || shift === undefined) return undefined;
  const { dims } = map[1];
  if (dims.length !== 2 || dims[0] !== dims[1]) return undefined;
  const norm = made(product.inputs[0], "LayerNormalization");
  const [weight, bias] = [constant(norm?.inputs[1])?.[0], constant(norm?.inputs[2])?.[0]];
  const epsilon = Number(norm?.attributes.get("epsilon") ?? 1e-5);
  return { map: map[0], shift: shift[0], norm: weight && bias ? { weight, bias, epsilon } : undefined };
}

/** One token's way through an ISTA step, an entry each. */
export interface IstaArithmetic {
  /** LN(z), what the step begins with. */
  readonly z: Float64Array;
  /** η Dᵀ(z − D z), by which it goes down the reconstruction error. */
  readonly step: Float64Array;
  /** ηλ, which is taken from every entry. */
  readonly threshold: number;
}

/**
 * What the step of a layer adds and takes: z⁺ = ReLU(z + step − threshold).
 * @param output name of what the layer gives
 * @param token of Z^{ℓ+½}, d numbers
 * @returns nothing where the layer ends in no such step
 */
export function istaArithmetic(
  graph: Graph,
  output: string,
  token: ArrayLike<number>,
): IstaArithmetic | undefined {
  const relu = graph.nodes.find(({ outputs }) => outputs[0] === output);
  const found = relu && stepAt(graph, relu);
  if (found?.norm === undefined) return undefined;
  const { weight, bias, epsilon } = found.norm;
  const [M, w, b] = [found.map, weight, bias].map((name) => graph.constants.get(name)!.data);
  const d = token.length;
  let [mean, variance] = [0, 0];
  for (let i = 0; i < d; i++) mean += token[i]! / d;
  for (let i = 0; i < d; i++) variance += (token[i]! - mean) ** 2 / d;
  const scale = 1 / Math.sqrt(variance + epsilon);
  const z = Float64Array.from({ length: d }, (_, i) => (token[i]! - mean) * scale * w![i]! + b![i]!);
  const step = z.map((own, j) => {
    let sum = -own;
    for (let i = 0; i < d; i++) sum += z[i]! * M![i * d + j]!;
    return sum;
  });
  return { z, step, threshold: -graph.constants.get(found.shift)!.data[0]! };
}

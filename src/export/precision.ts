/** @file Smaller weights: halves, or bytes with a scale for each column. */

import { fromHalf, toHalf } from "../graph/float16.ts";
import { float, type Graph, type GraphNode, type Value } from "../graph/index.ts";

export const PRECISIONS = ["fp32", "fp16", "int8"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Bytes of weights up to which they stay as they are unless something else is asked for. */
export const LARGEST_FP32 = 8 * 2 ** 20;

/** Constants of so few numbers stay as they are: biases, scales, sizes. */
const SMALL = 64;

/** What the weights of a graph take. */
export const weightBytes = ({ constants }: Graph): number =>
  [...constants.values()].reduce((sum, { data }) => sum + 4 * data.length, 0);

/** The graph with its weights in a precision; values are computed in single precision in each. */
export function inPrecision(graph: Graph, precision: Precision): Graph {
  if (precision === "fp16") return halves(graph);
  return precision === "int8" ? bytes(graph) : graph;
}

const cast = (from: string, to: string): GraphNode => ({
  ...{
    name: `${to}/Cast`,
    operator: "Cast",
    inputs: [from],
    outputs: [to],
    attributes: new Map([["to", 1]]),
  },
});

function halves(graph: Graph): Graph {
  const constants = new Map<string, Value>();
  const front: GraphNode[] = [];
  for (const [name, value] of graph.constants) {
    if (value.type !== "float32" || value.data.length <= SMALL) constants.set(name, value);
    else {
      const data = new Float32Array(value.data.length);
      for (let i = 0; i < data.length; i++) data[i] = fromHalf(toHalf(value.data[i]!));
      constants.set(`${name}.half`, { type: "float16", dims: value.dims, data });
      front.push(cast(`${name}.half`, name));
    }
  }
  return { ...graph, constants, nodes: [...front, ...graph.nodes] };
}

/**
 * Matrices [k, n] that tokens are multiplied with, as bytes: W = W_q s, s = max |W| / 127 for each column. Of those near
 * the identity, as ISTA's I + η (D − DᵀD), W − I is kept and what it leaves out is added after the product: the identity
 * would set the scale.
 */
function bytes(graph: Graph): Graph {
  const constants = new Map<string, Value>(graph.constants);
  const front: GraphNode[] = [];
  const nearIdentity = new Set<string>();
  for (const name of matrices(graph)) {
    const W = graph.constants.get(name)!;
    const near = isNearIdentity(W);
    if (near) nearIdentity.add(name);
    const { scale, quantised } = quantise(near ? withoutIdentity(W) : W);
    constants.delete(name);
    constants.set(`${name}.int8`, quantised).set(`${name}.scale`, scale);
    front.push({
      ...{ name: `${name}/DequantizeLinear`, operator: "DequantizeLinear" },
      ...{ inputs: [`${name}.int8`, `${name}.scale`], outputs: [name], attributes: new Map([["axis", 1]]) },
    });
  }
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    if (node.operator !== "MatMul" || !nearIdentity.has(node.inputs[1]!)) return [node];
    const [output] = node.outputs as [string];
    const change = { ...node, outputs: [`${output}.change`] };
    const sum = {
      ...node,
      name: `${node.name}/Add`,
      operator: "Add",
      inputs: [node.inputs[0]!, `${output}.change`],
    };
    return [change, sum];
  });
  return { ...graph, constants, nodes: [...front, ...nodes] };
}

/** Constants that are only the right factor of products. */
function matrices({ nodes, constants }: Graph): string[] {
  const users = new Map<string, boolean>();
  for (const { operator, inputs } of nodes)
    for (const [i, name] of inputs.entries())
      if (constants.has(name)) users.set(name, (users.get(name) ?? true) && operator === "MatMul" && i === 1);
  return [...users].flatMap(([name, only]) => {
    const { type, dims, data } = constants.get(name)!;
    return only && type === "float32" && dims.length === 2 && data.length > SMALL ? [name] : [];
  });
}

function isNearIdentity({ dims, data }: Value): boolean {
  const [k = 0, n = 0] = dims;
  let trace = 0;
  for (let i = 0; i < k; i++) trace += data[i * n + i]!;
  return k === n && trace / k > 0.5;
}

function withoutIdentity({ dims, data }: Value): Value {
  const rest = Float32Array.from(data);
  for (let i = 0; i < dims[0]!; i++) rest[i * dims[1]! + i]! -= 1;
  return float(dims, rest);
}

function quantise({ dims, data }: Value): { quantised: Value; scale: Value } {
  const [, n = 0] = dims;
  const scale = new Float32Array(n);
  for (let i = 0; i < data.length; i++) scale[i % n] = Math.max(scale[i % n]!, Math.abs(data[i]!) / 127);
  const quantised = Int8Array.from(data as Float32Array, (x, i) =>
    scale[i % n] === 0 ? 0 : Math.round(x / scale[i % n]!),
  );
  return { quantised: { type: "int8", dims, data: quantised }, scale: float([n], scale) };
}

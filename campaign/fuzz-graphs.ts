/** @file Networks as they are exported, damaged as bytes and as graphs, and the reader that runs them. */

import { graphOf } from "../src/export/network.ts";
import { type Graph, Interpreter, readOnnx, sizeOf, type Value, writeOnnx } from "../src/graph/index.ts";
import { operators } from "../src/graph/operators/index.ts";
import { imageInput, networkOf } from "../src/method/network.ts";
import { createModel } from "../src/model/index.ts";
import type { Module } from "../src/nn/index.ts";
import { random } from "../src/tensor/index.ts";
import { type Dice, damaged } from "./mutate.ts";

/** A network of tokens and one of convolutions. */
function seeds(): Graph[] {
  const graph = (model: Module, side: number): Graph => {
    const input = imageInput(side, 1, { mean: [0], std: [1] });
    using network = networkOf("seed", model, [input], (X) => ({ logits: model.apply(X!) }));
    return graphOf(network, new Map([["run", "seed"]])).graph;
  };
  const tokens = { imageSize: 4, patch: 2, channels: 1, dim: 4, depth: 1, heads: 2, classes: 2 };
  const { encoder, decoder } = createModel(
    "ctrl_mnist",
    { channels: 1, width: 1, features: 2 },
    random(1),
    "pair",
  );
  decoder.dispose();
  return [graph(createModel("crate", tokens, random(1)), 4), graph(encoder, 32)];
}

/** Names of operators, and fields of ONNX's messages. */
const PIECES = [
  ...["Conv", "MaxPool", "Resize", "Expand", "ConstantOfShape", "tokens"].map((word) => Buffer.from(word)),
  ...[
    [8, 17],
    [10, 0],
    [18, 1],
    [255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    [0xa0, 1, 7],
  ].map((bytes) => Uint8Array.from(bytes)),
];

/** Bytes of a good file damaged, or another graph in a good file. */
export function graphFiles(): (dice: Dice) => Uint8Array {
  const graphs = seeds();
  const files = graphs.map((graph) => writeOnnx(graph));
  return (dice) =>
    dice.below(3) === 0 ? damaged(files, PIECES, dice) : changed(graphs[dice.below(graphs.length)]!, dice);
}

const ODD = [0, 1, -1, 2, 3, 7, 0.5, -5, 255, 2 ** 20, 2 ** 31, 2 ** 40, -(2 ** 40)];
const LISTS = [
  "axis",
  "axes",
  "perm",
  "pads",
  "strides",
  "kernel_shape",
  "group",
  "to",
  "keepdims",
  "dilations",
];

/** Some of its operators, inputs, attributes and constants are others: still a file that can be read. */
function changed(graph: Graph, dice: Dice): Uint8Array {
  const pick = <T>(list: readonly T[]): T => list[dice.below(list.length)]!;
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: [...node.inputs],
    attributes: new Map(node.attributes),
  }));
  const constants = new Map(graph.constants);
  for (let i = 1 + dice.below(4); i > 0; i--) {
    const at = dice.below(nodes.length);
    const node = nodes[at]!;
    const made = [...constants.keys(), ...nodes.slice(0, at).flatMap(({ outputs }) => outputs)];
    const kind = dice.below(4);
    if (kind === 0) node.operator = pick([...operators.keys()]);
    else if (kind === 1)
      node.inputs.splice(dice.below(node.inputs.length + 1), dice.below(2), pick([...made, ""]));
    else if (kind === 2) {
      const values = Array.from({ length: dice.below(5) }, () => Math.round(pick(ODD)));
      node.attributes.set(pick(LISTS), dice.below(2) === 0 ? Math.round(pick(ODD)) : values);
    } else {
      const name = pick([...constants.keys()]);
      const value = constants.get(name)!;
      const data = value.data.slice();
      if (data.length > 0)
        data[dice.below(data.length)] = value.type === "float32" ? pick(ODD) : Math.round(pick(ODD));
      constants.set(name, { ...value, data });
    }
  }
  return writeOnnx({ ...graph, nodes, constants });
}

/** Numbers and steps of a graph under trial: a second of work, some megabytes. */
const LITTLE = { elements: 2 ** 18, work: 2 ** 26 };

/** Reads a graph, and runs it on zeros. */
export function runGraph(bytes: Uint8Array): void {
  const graph = readOnnx(bytes, { name: "FILE", limits: LITTLE });
  const net = new Interpreter(graph, LITTLE);
  const feeds = graph.inputs.map(({ name, type, dims }): [string, Value] => {
    const sizes = dims.map((size) => (typeof size === "number" ? Math.min(Math.max(size, 0), 64) : 2));
    return [name, { type, dims: sizes, data: new Float32Array(Math.min(sizeOf(sizes), LITTLE.elements)) }];
  });
  net.run(new Map(feeds));
}

/** @file What a network is as data: nodes in the order in which they run, constants, inputs, outputs. */

import { DataError } from "../base/errors.ts";
import type { ElementType, Value } from "./value.ts";

export type Attribute = number | string | readonly number[] | Value;

export interface GraphNode {
  /** `block.0.mssa/MatMul_3`: where it is from. */
  readonly name: string;
  /** An operator of ONNX: `MatMul`. */
  readonly operator: string;
  /** Names of values; "" where an argument is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** For people, such as a formula. */
  readonly doc?: string;
}

/** An input or an output: a size that is free has a name. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Value>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** The operators of ONNX that are read and written. */
export const OPSET = 17;

/**
 * Every value is made once, before it is used. So a graph that passes has no circle, and a run visits each node once.
 * @throws {DataError} a name that is made twice, never, or only later
 */
export function checkOrder({ nodes, constants, inputs, outputs }: Graph, where: string): void {
  const made = new Set<string>(constants.keys());
  const make = (name: string): void => {
    if (name === "" || made.has(name))
      throw new DataError(`${where}: "${name}" is made twice, or has no name`);
    made.add(name);
  };
  for (const { name } of inputs) make(name);
  const later = new Set(nodes.flatMap((node) => node.outputs));
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input === "" || made.has(input)) continue;
      const why = later.has(input)
        ? "before it is made: the graph goes in a circle, or is out of order"
        : "which nothing makes";
      throw new DataError(`${where}: node "${node.name}" (${node.operator}) uses "${input}" ${why}`);
    }
    for (const output of node.outputs) if (output !== "") make(output);
  }
  for (const { name } of outputs)
    if (!made.has(name)) throw new DataError(`${where}: output "${name}" is made by no node`);
}

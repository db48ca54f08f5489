/** @file What an operator of the interpreter is, and how it reads what it is given. */

import { DataError } from "../../base/errors.ts";
import type { GraphNode } from "../graph.ts";
import { type Budget, describe, type Value } from "../value.ts";

/** Inputs, `undefined` where one is left out, to the output. */
export type Operator = (inputs: readonly (Value | undefined)[], node: GraphNode, budget: Budget) => Value;

/** Why a node cannot run, with where it is. */
export const fault = ({ name, operator }: GraphNode, what: string): DataError =>
  new DataError(`graph: ${operator} "${name}" ${what}`);

/** An input that must be there. */
export function input(inputs: readonly (Value | undefined)[], index: number, node: GraphNode): Value {
  const value = inputs[index];
  if (value === undefined) throw fault(node, `has no input ${index + 1}`);
  return value;
}

/** An input of real numbers. */
export function floats(
  inputs: readonly (Value | undefined)[],
  index: number,
  node: GraphNode,
): Value & { data: Float32Array } {
  const value = input(inputs, index, node);
  if (value.data instanceof Float32Array) return value as Value & { data: Float32Array };
  throw fault(node, `expects real numbers, got ${describe(value)}`);
}

/** An input of whole numbers, such as axes. */
export const whole = (value: Value): number[] => Array.from(value.data as ArrayLike<number>);

export function integer(node: GraphNode, name: string, usual: number): number {
  const value = node.attributes.get(name) ?? usual;
  if (typeof value === "number") return value;
  throw fault(node, `has no number ${name}`);
}

export function integers(node: GraphNode, name: string, usual?: readonly number[]): readonly number[] {
  const value = node.attributes.get(name) ?? usual;
  if (Array.isArray(value)) return value as readonly number[];
  throw fault(node, `has no list ${name}`);
}

export function word(node: GraphNode, name: string, usual: string): string {
  const value = node.attributes.get(name) ?? usual;
  if (typeof value === "string") return value;
  throw fault(node, `has no word ${name}`);
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number, node: GraphNode): number {
  const found = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(found) && found >= 0 && found < rank) return found;
  throw fault(node, `names axis ${axis} of ${rank}`);
}

/** @file Runs a graph: any of its values can be asked for, and any can be changed on the way. */

import { DataError, UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import type { Graph, GraphNode, Port } from "./graph.ts";
import { type Operator, operators } from "./operators/index.ts";
import { Budget, describe, LIMITS, type Limits, type Value } from "./value.ts";

/** What takes a value's place: given the value, gives another of the same shape. */
export type Change = (value: Value) => Value;

type Named<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/**
 * Runs a graph in plain JavaScript, without libtorch, WebAssembly or Node.
 *
 * @example
 * const net = new Interpreter(readOnnx(bytes));
 * const { logits } = net.run({ image }, ["logits"]);
 * net.run({ image }, ["logits"], { "block.1.mssa.attention": withoutHead(3) }); // an intervention
 */
export class Interpreter {
  private readonly makers = new Map<string, GraphNode>();
  /** Constants, and what depends on nothing else, once it was needed. */
  private readonly fixed: Map<string, Value>;
  private readonly plans = new Map<string, readonly GraphNode[]>();

  /** @throws {DataError} an operator that is not known here */
  constructor(
    readonly graph: Graph,
    private readonly limits: Limits = LIMITS,
  ) {
    this.fixed = new Map(graph.constants);
    for (const node of graph.nodes) {
      operatorOf(node);
      if (node.outputs.length !== 1)
        throw new DataError(
          `graph: ${node.operator} "${node.name}" gives ${node.outputs.length} values; expected one`,
        );
      this.makers.set(node.outputs[0]!, node);
    }
  }

  /** Names of all outputs of the graph. */
  get outputs(): string[] {
    return this.graph.outputs.map(({ name }) => name);
  }

  /**
   * Only what the fetches need is computed.
   *
   * @param feeds the inputs, by name
   * @param fetches outputs, or any values by their names; all outputs unless given
   * @param patch values that are changed as they are made, by name, weights too: what follows is computed from the changed
   *   ones
   * @throws {UsageError} an input that is missing or of another shape, a name that nothing has, a change of shape
   * @throws {DataError} a graph that cannot run, or takes more than the limits
   */
  run(
    feeds: Named<Value>,
    fetches: readonly string[] = this.outputs,
    patch: Named<Change> = {},
  ): Record<string, Value> {
    const steps = this.steps(feeds, fetches, patch);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** As `run`, with a pause after each node: who runs it may give way to others, or stop. */
  *steps(
    feeds: Named<Value>,
    fetches: readonly string[] = this.outputs,
    patch: Named<Change> = {},
  ): Generator<undefined, Record<string, Value>> {
    const [given, changes] = [asMap(feeds), asMap(patch)];
    for (const name of [...fetches, ...changes.keys()]) this.requireName(name);
    const values = new Map<string, Value>();
    const change = (name: string, value: Value): Value => {
      const changed = changes.get(name)?.(value) ?? value;
      if (changed !== value && describe(changed) !== describe(value))
        throw new UsageError(`graph: "${name}" is ${describe(value)}, its change gives ${describe(changed)}`);
      return changed;
    };
    for (const [name, value] of this.graph.constants)
      if (changes.has(name)) values.set(name, change(name, value));
    for (const port of this.graph.inputs) {
      const value = given.get(port.name);
      if (value !== undefined) values.set(port.name, change(port.name, fitting(port, value)));
    }
    const budget = new Budget(this.limits);
    const plan = this.plan(fetches);
    const last = lastUses(plan, fetches);
    for (const [i, node] of plan.entries()) {
      const output = node.outputs[0]!;
      const constant = node.inputs.every(
        (name) => name === "" || (this.fixed.has(name) && !values.has(name)),
      );
      if (!(constant && this.fixed.has(output))) {
        const inputs = node.inputs.map((name) => (name === "" ? undefined : this.valueOf(name, values)));
        const made = operatorOf(node)(inputs, node, budget);
        if (constant) this.fixed.set(output, made);
        else values.set(output, made);
      }
      if (changes.has(output)) values.set(output, change(output, this.valueOf(output, values)));
      for (const name of last.get(i) ?? []) values.delete(name);
      yield;
    }
    return Object.fromEntries(fetches.map((name) => [name, this.valueOf(name, values)]));
  }

  private valueOf(name: string, values: ReadonlyMap<string, Value>): Value {
    const found = values.get(name) ?? this.fixed.get(name);
    if (found !== undefined) return found;
    throw new UsageError(`graph: expected the input "${name}", got none`);
  }

  private requireName(name: string): void {
    const { inputs } = this.graph;
    if (this.makers.has(name) || this.fixed.has(name) || inputs.some((port) => port.name === name)) return;
    throw new UsageError(`graph: no value "${name}"${hint(name, [...this.makers.keys()])}`);
  }

  /** The nodes that the fetches need, in order. */
  private plan(fetches: readonly string[]): readonly GraphNode[] {
    const key = JSON.stringify(fetches);
    const known = this.plans.get(key);
    if (known !== undefined) return known;
    const needed = new Set(fetches);
    const plan: GraphNode[] = [];
    for (const node of this.graph.nodes.toReversed()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      plan.push(node);
      for (const name of node.inputs) needed.add(name);
    }
    plan.reverse();
    this.plans.set(key, plan);
    return plan;
  }
}

function operatorOf({ operator, name }: GraphNode): Operator {
  const found = operators.get(operator);
  if (found !== undefined) return found;
  throw new DataError(
    `graph: the operator ${operator} of "${name}" is not known; known are ${[...operators.keys()].join(", ")}`,
  );
}

const asMap = <T>(named: Named<T>): ReadonlyMap<string, T> =>
  named instanceof Map ? named : new Map(Object.entries(named));

/** Values that nothing needs after a node. */
function lastUses(plan: readonly GraphNode[], fetches: readonly string[]): ReadonlyMap<number, string[]> {
  const last = new Map<string, number>();
  plan.forEach((node, i) => {
    for (const name of node.inputs) last.set(name, i);
  });
  const byNode = new Map<number, string[]>();
  for (const [name, i] of last) if (!fetches.includes(name)) byNode.set(i, [...(byNode.get(i) ?? []), name]);
  return byNode;
}

function fitting(port: Port, value: Value): Value {
  const fits =
    value.type === port.type &&
    value.dims.length === port.dims.length &&
    port.dims.every((size, i) => typeof size === "string" || size === value.dims[i]);
  if (fits) return value;
  throw new UsageError(
    `graph: expected the input "${port.name}" [${port.dims.join(", ")}] ${port.type}, got ${describe(value)}`,
  );
}

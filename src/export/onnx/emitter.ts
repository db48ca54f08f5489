/** @file Builds a graph from two traces of one network, at two batch sizes: what differs between them is the batch. */

import {
  type Attribute,
  type ElementType,
  float,
  type Graph,
  type GraphNode,
  integers,
  type Port,
  type Value,
} from "../../graph/index.ts";
import {
  isTensor,
  type TracedArgument,
  type TracedCall,
  type TracedTensor,
  UsageError,
} from "../../tensor/index.ts";

/** A value of the graph before it has its name. */
export type Id = string;

/** An output, and what it is called. */
export interface Label {
  tensor: TracedTensor;
  name: string;
}

export type Attributes = Readonly<Record<string, Attribute>>;

interface Draft {
  operator: string;
  inputs: readonly Id[];
  output: Id;
  attributes: ReadonlyMap<string, Attribute>;
  place: string;
}

/** Element types of tensors that graphs have. */
const TYPES: Partial<Record<TracedTensor["dtype"], ElementType>> = {
  ...{ float32: "float32", int64: "int64", bool: "bool", complex64: "float32" },
};

export const isComplex = ({ dtype }: TracedTensor): boolean => dtype.startsWith("complex");

/** The shape as the graph has it: a complex number is a pair, along a last axis. */
export const pairs = (tensor: TracedTensor): number[] =>
  isComplex(tensor) ? [...tensor.shape, 2] : [...tensor.shape];

/** The graph under construction. Equal nodes are made once, so that a probe's value is the one that the network uses. */
export class Emitter {
  /** Where the call is that is being written. */
  place = "";
  private readonly drafts: Draft[] = [];
  private readonly ids = new Map<TracedTensor, Id>();
  private readonly constants = new Map<Id, { value: Value; name: string }>();
  private readonly known = new Map<string, Id>();
  private readonly ports: Port[] = [];

  /** @param twins the tensors of the other trace, by those of this one */
  constructor(private readonly twins: ReadonlyMap<TracedTensor, TracedTensor>) {}

  /** The tensor of the other trace. */
  twin(tensor: TracedTensor): TracedTensor {
    return this.twins.get(tensor) ?? tensor;
  }

  /** Which axes are the batch. */
  varying(tensor: TracedTensor): number[] {
    const other = pairs(this.twin(tensor));
    return pairs(tensor).flatMap((size, i) => (size === other[i] ? [] : [i]));
  }

  input(tensor: TracedTensor, name: string): void {
    this.ports.push(this.port(tensor, name));
    this.ids.set(tensor, name);
  }

  private port(tensor: TracedTensor, name: string): Port {
    const varying = this.varying(tensor);
    return {
      name,
      type: this.typeOf(tensor),
      dims: pairs(tensor).map((size, i) => (varying.includes(i) ? "batch" : size)),
    };
  }

  typeOf({ dtype }: TracedTensor): ElementType {
    const type = TYPES[dtype];
    if (type !== undefined) return type;
    throw this.refusal(`elements of type ${dtype}; expected ${Object.keys(TYPES).join(", ")}`);
  }

  /** What a tensor is in the graph: a constant is added when it is first used, under a name that says for what. */
  id(tensor: TracedTensor, use: string): Id {
    const known = this.ids.get(tensor);
    if (known !== undefined) return known;
    if (tensor.live) throw this.refusal("a tensor that no recorded operator made");
    const made = this.constant(this.valueOf(tensor), tensor.name ?? `${this.place}/${use}`);
    this.ids.set(tensor, made);
    return made;
  }

  /** The elements of a tensor that depends on no input. @throws {UsageError} they depend on the batch */
  valueOf(tensor: TracedTensor): Value {
    const twin = this.twin(tensor);
    const data = tensor.data();
    const same = tensor.name !== undefined || equal(data, twin.data()); // parameters are what they are
    if (!same || this.varying(tensor).length > 0)
      throw this.refusal(`numbers [${tensor.shape.join(", ")}] that depend on how many samples there are`);
    const type = this.typeOf(tensor);
    if (type === "float32") return float(pairs(tensor), data as Float32Array);
    if (type === "int64") return integers(tensor.shape, Array.from(data, Number));
    return { type, dims: tensor.shape, data: data as Uint8Array };
  }

  constant(value: Value, name: string): Id {
    const id = `#${this.constants.size}`;
    this.constants.set(id, { value, name });
    return id;
  }

  /** A constant that is nobody's parameter; of equal ones there is one. */
  private shared(value: Value, name: string): Id {
    const key = `${value.type} ${value.dims.join()} ${value.data.join()}`;
    const id = this.known.get(key) ?? this.constant(value, name);
    this.known.set(key, id);
    return id;
  }

  scalar(x: number, type: ElementType = "float32"): Id {
    const data =
      type === "float32" ? Float32Array.of(x) : type === "bool" ? Uint8Array.of(x) : Float64Array.of(x);
    return this.shared({ type, dims: [], data }, "number");
  }

  list(values: readonly number[]): Id {
    return this.shared(integers([values.length], values), "list");
  }

  floats(dims: readonly number[], values: Float32Array, name: string): Id {
    return this.constant(float(dims, values), `${this.place}/${name}`);
  }

  /** Adds a node, and gives its output. */
  node(operator: string, inputs: readonly Id[], attributes: Attributes = {}): Id {
    const key = JSON.stringify([operator, inputs, attributes]);
    const same = this.known.get(key);
    if (same !== undefined) return same;
    const output = `%${this.drafts.length}`;
    this.drafts.push({
      operator,
      inputs,
      output,
      attributes: new Map(Object.entries(attributes)),
      place: this.place,
    });
    this.known.set(key, output);
    return output;
  }

  /** Says what a tensor of the trace became. */
  set(tensor: TracedTensor, id: Id): void {
    this.ids.set(tensor, id);
  }

  /** The same elements in the shape of a tensor. */
  reshaped(id: Id, tensor: TracedTensor): Id {
    const dims = pairs(tensor);
    const varying = this.varying(tensor);
    if (varying.length > 1)
      throw this.refusal(`a shape of which two sizes depend on the batch: [${dims.join(", ")}]`);
    for (const i of varying) dims[i] = -1;
    return this.node("Reshape", [id, this.list(dims)]);
  }

  /** The sizes of a tensor as a value: those that are the batch are read off the first input. */
  sizes(tensor: TracedTensor): Id {
    const dims = pairs(tensor);
    const varying = this.varying(tensor);
    if (varying.length === 0) return this.list(dims);
    const [port] = this.ports;
    const batch = port?.dims.indexOf("batch") ?? -1;
    const samples = this.portSize(batch);
    if (varying.some((i) => dims[i] !== samples))
      throw this.refusal(`a size that is no sample of the batch: [${dims.join(", ")}]`);
    const read = this.node("Shape", [port!.name], { start: batch, end: batch + 1 });
    const parts: Id[] = [];
    for (let i = 0; i < dims.length; ) {
      if (varying.includes(i)) {
        parts.push(read);
        i++;
        continue;
      }
      const from = i;
      while (i < dims.length && !varying.includes(i)) i++;
      parts.push(this.list(dims.slice(from, i)));
    }
    return parts.length === 1 ? parts[0]! : this.node("Concat", parts, { axis: 0 });
  }

  private portSize(axis: number): number {
    const [first] = [...this.ids.keys()];
    return first?.shape[axis] ?? 0;
  }

  refusal(what: string): UsageError {
    const where = this.place === "" ? "" : `, in ${this.place}`;
    return new UsageError(`export: ${what} cannot be written as ONNX${where}`, { path: this.place });
  }

  /** The finished graph: what the outputs do not need is left out. */
  graph(
    name: string,
    labels: readonly Label[],
    metadata: ReadonlyMap<string, string>,
    formulas: ReadonlyMap<string, string>,
  ): Graph {
    const names = new Map<Id, string[]>();
    for (const label of labels) {
      const id = this.id(label.tensor, label.name);
      names.set(id, [...(names.get(id) ?? []), label.name]);
    }
    const nodes: GraphNode[] = [];
    const needed = this.needed([...names.keys()]);
    const taken = new Set([...labels.map((label) => label.name), ...this.ports.map((port) => port.name)]);
    const unique = (wanted: string): string => {
      let found = wanted;
      for (let i = 2; taken.has(found); i++) found = `${wanted}.${i}`;
      taken.add(found);
      return found;
    };
    // what nodes read: the last of a value's labels, so that a change of any of them goes on into the network
    const reads = new Map<Id, string>();
    const chain = (from: string, own: readonly string[]): string => {
      for (const [i, next] of own.entries())
        nodes.push({
          name: `${next}/Identity`,
          operator: "Identity",
          inputs: [own[i - 1] ?? from],
          outputs: [next],
          attributes: new Map(),
        });
      return own.at(-1) ?? from;
    };
    for (const port of this.ports) reads.set(port.name, chain(port.name, names.get(port.name) ?? []));
    const constants = new Map<string, Value>();
    for (const [id, { value, name: wanted }] of this.constants) {
      if (!needed.has(id)) continue;
      const own = unique(wanted.replace(/^\//, ""));
      constants.set(own, value);
      reads.set(id, chain(own, names.get(id) ?? []));
    }
    for (const { operator, inputs, output, attributes, place } of this.drafts) {
      if (!needed.has(output)) continue;
      const own = names.get(output) ?? [];
      const made = own[0] ?? unique(`${place === "" ? "" : `${place}/`}${operator.toLowerCase()}`);
      const doc = formulas.get(place);
      nodes.push({
        ...(doc !== undefined && { doc }),
        name: unique(`${place}/${operator}`.replace(/^\//, "")),
        operator,
        inputs: inputs.map((input) => (input === "" ? "" : reads.get(input)!)),
        outputs: [made],
        attributes,
      });
      reads.set(output, chain(made, own.slice(1)));
    }
    const outputs = labels.map((label) => this.port(label.tensor, label.name));
    return { name, nodes, constants, inputs: this.ports, outputs, metadata };
  }

  private needed(outputs: readonly Id[]): ReadonlySet<Id> {
    const needed = new Set<Id>(outputs);
    for (const { output, inputs } of this.drafts.toReversed())
      if (needed.has(output)) for (const input of inputs) needed.add(input);
    return needed;
  }
}

function equal(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  return true;
}

/** One call, with its twin in the other trace: arguments by name, refused where they depend on the batch. */
export class Call {
  constructor(
    private readonly call: TracedCall,
    private readonly other: TracedCall,
    readonly emitter: Emitter,
  ) {}

  get operator(): string {
    return this.call.operator;
  }
  /** What the operator's schema has. */
  get argumentNames(): ReadonlySet<string> {
    return new Set(this.call.arguments.keys());
  }
  /** The first output. */
  get out(): TracedTensor {
    return this.call.outputs[0]!;
  }
  get outputs(): readonly TracedTensor[] {
    return this.call.outputs;
  }

  tensor(name: string): TracedTensor {
    const value = this.call.arguments.get(name);
    if (isTensor(value)) return value;
    throw this.emitter.refusal(`${this.operator} without ${name}`);
  }
  /** A tensor in the graph. */
  id(name: string): Id {
    return this.emitter.id(this.tensor(name), name);
  }
  has(name: string): boolean {
    return isTensor(this.call.arguments.get(name));
  }
  tensors(name: string): TracedTensor[] {
    return (this.call.arguments.get(name) as TracedArgument[]).filter(isTensor);
  }

  /** An argument that is no tensor. */
  plain(name: string): unknown {
    const value = this.call.arguments.get(name);
    if (JSON.stringify(value) !== JSON.stringify(this.other.arguments.get(name)))
      throw this.emitter.refusal(
        `${this.operator} with a ${name} that depends on how many samples there are`,
      );
    return value;
  }
  number(name: string): number {
    return Number(this.plain(name));
  }
  list(name: string): number[] {
    const value = this.plain(name);
    return Array.isArray(value) ? [...value] : [Number(value)];
  }
  /** An axis counted from the front. */
  axis(name: string, of: TracedTensor): number {
    const axis = this.number(name);
    return axis < 0 ? axis + of.shape.length : axis;
  }

  /** @throws {UsageError} unless the argument is this value */
  require(name: string, value: unknown): void {
    if (JSON.stringify(this.plain(name)) !== JSON.stringify(value))
      throw this.emitter.refusal(`${this.operator} with ${name} ${JSON.stringify(this.plain(name))}`);
  }
}

/** How an operator of libtorch is written: gives the graph's values for its outputs. */
export type Rule = (call: Call, emitter: Emitter) => Id | Id[];

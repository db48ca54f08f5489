/** @file A layer or a network: parameters and buffers under the official names, children, mode, probes. */

import { CheckpointError, type DType, hint, keep, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { enter, leave, note, wanted } from "./probe.ts";

interface Child {
  name: string;
  stateName: string;
  module: Module;
}

/**
 * Base of everything with parameters.
 *
 * A child has two names: the one it is probed by, in the paper's words (`block.3.mssa`), and the one its parameters
 * carry in state dictionaries, which is the official repository's (`transformer.layers.3.0.fn`).
 * `forward` holds the mathematics; `apply` runs it and frees what it made on the way.
 * As in PyTorch a module starts in training mode, which only layers like batch normalisation read.
 */
export abstract class Module {
  readonly children: Child[] = [];
  private readonly own = new Map<string, Tensor>();
  private readonly buffers = new Map<string, Tensor>();
  private mode: "train" | "eval" = "train";

  protected abstract forward(...inputs: Tensor[]): Tensor;

  /** The output; every tensor made on the way is freed, but what gradients need. */
  apply(...inputs: Tensor[]): Tensor {
    enter(this);
    const output = scope(() => this.forward(...inputs), this.constructor.name);
    leave(); // not where it throws: whoever tracks the modules learns where that was
    return note(this, "", output);
  }

  /** Registers a tensor that is learned. */
  protected parameter(name: string, tensor: Tensor): Tensor {
    this.own.set(name, keep(tensor.setRequiresGrad()));
    return tensor;
  }

  /** Registers a tensor that is saved with the parameters but not learned: running statistics. */
  protected buffer(name: string, tensor: Tensor): Tensor {
    this.buffers.set(name, keep(tensor));
    return tensor;
  }

  /** Registers a child; where the official name differs, `stateName` is it; "" puts its names beside the parent's. */
  protected child<M extends Module>(name: string, module: M, stateName = name): M {
    this.children.push({ name, stateName, module });
    return module;
  }

  /** Shows an intermediate to whoever records this module's `name`; returns it. */
  protected probe(name: string, tensor: Tensor): Tensor {
    return note(this, name, tensor);
  }

  /** Whether anyone records that intermediate: some are only computed when asked for. */
  protected probed(name: string): boolean {
    return wanted(this, name);
  }

  /** Parameters by their official names, in the order of registration. */
  namedParameters(prefix = ""): Map<string, Tensor> {
    const all = new Map<string, Tensor>();
    for (const [name, tensor] of this.own) all.set(prefix + name, tensor);
    for (const { stateName, module } of this.children)
      for (const [name, tensor] of module.namedParameters(below(prefix, stateName))) all.set(name, tensor);
    return all;
  }

  /** Parameters and buffers by their official names: what checkpoints hold. */
  stateDict(prefix = ""): Map<string, Tensor> {
    const all = new Map<string, Tensor>();
    for (const [name, tensor] of this.own) all.set(prefix + name, tensor);
    for (const [name, tensor] of this.buffers) all.set(prefix + name, tensor);
    for (const { stateName, module } of this.children)
      for (const [name, tensor] of module.stateDict(below(prefix, stateName))) all.set(name, tensor);
    return all;
  }

  /** Whether the module is in training mode. */
  get training(): boolean {
    return this.mode === "train";
  }
  /** Training mode for this module and all below it, or with `false` evaluation mode. */
  train(training = true): this {
    this.mode = training ? "train" : "eval";
    for (const { module } of this.children) module.train(training);
    return this;
  }
  /** Evaluation mode: batch normalisation uses its running statistics. */
  eval(): this {
    return this.train(false);
  }

  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  parameterCount(): number {
    return this.parameters().reduce((count, parameter) => count + parameter.numel, 0);
  }

  /**
   * Copies tensors into the parameters and buffers of the same names; a `module.` prefix is stripped.
   * @throws {CheckpointError} a missing or unknown name, a shape that differs
   */
  load(state: ReadonlyMap<string, Tensor>): this {
    const own = this.stateDict();
    const given = new Map([...state].map(([name, tensor]) => [name.replace(/^module\./, ""), tensor]));
    for (const name of given.keys())
      if (!own.has(name))
        throw new CheckpointError(
          `the checkpoint has "${name}", which this model has not${hint(name, own.keys())}`,
        );
    noGrad(() => {
      for (const [name, target] of own) {
        const tensor = given.get(name);
        if (tensor === undefined) throw new CheckpointError(`the checkpoint has no "${name}"`);
        if (tensor.shape.join() !== target.shape.join())
          throw new CheckpointError(
            `"${name}": the model has ${target.describe()}, the checkpoint ${tensor.describe()}`,
          );
        target.copy_(tensor);
      }
    });
    return this;
  }

  /** Moves every parameter and buffer to a device or a dtype; counts stay integers. */
  to(target: DType | (string & {})): this {
    const parameters = new Set(this.parameters());
    for (const tensor of this.stateDict().values()) {
      keep(tensor.become_(scope(() => moved(tensor.detach(), target), "to")));
      if (parameters.has(tensor)) tensor.setRequiresGrad();
    }
    return this;
  }

  /** Frees the parameters and buffers. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The prefix of a child's names; a child without a name of its own has its parent's. */
const below = (prefix: string, name: string): string => (name === "" ? prefix : `${prefix}${name}.`);

/** Integers follow to a device, never to another dtype. */
const moved = (tensor: Tensor, target: string): Tensor =>
  tensor.dtype.startsWith("int") && !/^(cpu|cuda)(:\d+)?$/.test(target) ? tensor : tensor.to(target);

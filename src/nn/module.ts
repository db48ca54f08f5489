/** @file A layer or a network: parameters under the official names, children, probes. */

import { CheckpointError, type DType, hint, keep, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { note, wanted } from "./probe.ts";

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
 */
export abstract class Module {
  readonly children: Child[] = [];
  private readonly own = new Map<string, Tensor>();

  protected abstract forward(...inputs: Tensor[]): Tensor;

  /** The output; every tensor made on the way is freed, but what gradients need. */
  apply(...inputs: Tensor[]): Tensor {
    const output = scope(() => this.forward(...inputs), this.constructor.name);
    return note(this, "", output);
  }

  /** Registers a tensor that is learned. */
  protected parameter(name: string, tensor: Tensor): Tensor {
    this.own.set(name, keep(tensor.setRequiresGrad()));
    return tensor;
  }

  /** Registers a child; where the official name differs, `stateName` is it. */
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
      for (const [name, tensor] of module.namedParameters(`${prefix}${stateName}.`)) all.set(name, tensor);
    return all;
  }

  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  parameterCount(): number {
    return this.parameters().reduce((count, parameter) => count + parameter.numel, 0);
  }

  /**
   * Copies tensors into the parameters of the same names; a `module.` prefix is stripped.
   * @throws {CheckpointError} a missing or unknown name, a shape that differs
   */
  load(state: ReadonlyMap<string, Tensor>): this {
    const parameters = this.namedParameters();
    const given = new Map([...state].map(([name, tensor]) => [name.replace(/^module\./, ""), tensor]));
    for (const name of given.keys())
      if (!parameters.has(name))
        throw new CheckpointError(
          `the checkpoint has "${name}", which this model has not${hint(name, parameters.keys())}`,
        );
    noGrad(() => {
      for (const [name, parameter] of parameters) {
        const tensor = given.get(name);
        if (tensor === undefined) throw new CheckpointError(`the checkpoint has no "${name}"`);
        if (tensor.shape.join() !== parameter.shape.join())
          throw new CheckpointError(
            `"${name}": the model has ${parameter.describe()}, the checkpoint ${tensor.describe()}`,
          );
        parameter.copy_(tensor);
      }
    });
    return this;
  }

  /** Moves every parameter to a device or a dtype; the tensors that others hold stay the same objects. */
  to(target: DType | (string & {})): this {
    for (const parameter of this.parameters())
      scope(() => keep(parameter.become_(parameter.detach().to(target)).setRequiresGrad()));
    return this;
  }

  /** Frees the parameters. */
  dispose(): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

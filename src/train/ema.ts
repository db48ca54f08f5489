/** @file An exponential moving average of the weights. */

import { keep, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { TensorList } from "./foreach.ts";

/** Copies that nothing frees but `dispose`. */
const copies = (list: TensorList): TensorList =>
  noGrad(() => scope(() => new TensorList(list.tensors.map((tensor) => keep(tensor.clone()))), "copies"));

/** W̄ ← decay · W̄ + (1 − decay) · W after every step, from W̄ = W at the start; evaluated in place of W. */
export class MovingAverage {
  private readonly weights: TensorList;
  private readonly average: TensorList;
  private readonly names: readonly string[];

  constructor(
    parameters: ReadonlyMap<string, Tensor>,
    readonly decay: number,
  ) {
    this.names = [...parameters.keys()];
    this.weights = new TensorList([...parameters.values()]);
    this.average = copies(this.weights);
  }

  update(): void {
    noGrad(() => this.average.mul_(this.decay).add_(this.weights, 1 - this.decay));
  }

  /** Runs `body` with the averaged weights in the model, then puts the others back. */
  async during<T>(body: () => Promise<T>): Promise<T> {
    const own = copies(this.weights);
    try {
      noGrad(() => this.weights.copy_(this.average));
      return await body();
    } finally {
      noGrad(() => this.weights.copy_(own));
      own.dispose();
    }
  }

  /** The averages by the parameters' names; they belong to this object. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.names.map((name, i) => [name, this.average.tensors[i]!]));
  }

  /** Copies saved averages in: as many and of the same shapes as the weights, which have been loaded before. */
  load(state: ReadonlyMap<string, Tensor>): void {
    noGrad(() => this.average.copy_(new TensorList(this.names.map((name) => state.get(name)!))));
  }

  dispose(): void {
    this.average.dispose();
  }
}

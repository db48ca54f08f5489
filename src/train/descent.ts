/** @file Parameters that go down losses: number format, accumulation, clipping, optimiser, schedule, moving average. */

import type { Module } from "../nn/index.ts";
import { CheckpointError, type Group, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { descend } from "./descend.ts";
import { MovingAverage } from "./ema.ts";
import type { TensorList } from "./foreach.ts";
import { Gathered } from "./gathered.ts";
import { clip_ } from "./norms.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { collected, ownersOf, shareParameters } from "./owners.ts";
import { slopesOfParts } from "./part-slopes.ts";
import type { Precision } from "./precision.ts";
import { type Readings, read, watching } from "./readings.ts";
import { type Given, type Loss, refuse, type Slopes, type Source, slopesOf } from "./slopes.ts";
import { above, below, type Restored, type Saved, type Stateful } from "./stateful.ts";
import type { Step } from "./step.ts";
import { sumSlopes, sumValues } from "./sum-slopes.ts";

export interface DescentOptions {
  /** Which of the net's parameters move; all unless given. */
  parameters?: ReadonlyMap<string, Tensor>;
  optimizer: { name: string } & OptimizerOptions;
  /** Learning rate of a step, numbered from 0. */
  lr: (at: number) => number;
  /** A weight decay that moves, in place of the optimiser's. */
  decay?: ((at: number) => number) | undefined;
  /** Of the products in the losses; fp32 unless given. For tf32, `withPrecision` is around the run. */
  precision?: Precision | undefined;
  /** Largest norm of the gradient; longer ones are scaled down. Not clipped unless given. */
  clipGrad?: number | undefined;
  /** Whether the gradients are clipped as one vector, as it is unless given, or each alone. */
  clip?: "together" | "each";
  /** Decay of the moving average of the parameters; none is kept unless given. */
  ema?: number | undefined;
  /** Before the names of its moments and averages in checkpoints. */
  prefix?: string;
  /** Processes that hold other samples of each batch: gradients are summed over them. */
  across?: Group | undefined;
  /** Whether each of them keeps the moments of its part of the parameters alone, and moves those; not unless given. */
  shardOptimizer?: boolean | undefined;
  /** What a loss is there: this process's share of it, as it is unless given, or the whole, the same on every rank. */
  losses?: "shares" | "whole";
}

/**
 * A net's parameters and all that makes a step of them. `step` goes down the sum of some losses, whose graphs are freed
 * one after the other. It owns the optimiser's moments and the average; the net belongs to the caller.
 */
export class Descent implements Stateful {
  readonly parameters: ReadonlyMap<string, Tensor>;
  private readonly optimizer: Optimizer;
  private readonly average: MovingAverage | undefined;
  /** Rate of the step that has begun. */
  private lr: number | undefined;
  /** The rank that moves each parameter, where they are shared out. */
  private readonly owners: readonly number[] | undefined;
  private readonly gathered = new Gathered();

  constructor(
    readonly net: Module,
    readonly options: DescentOptions,
  ) {
    const { parameters = net.namedParameters(), optimizer, ema, across, shardOptimizer = false } = options;
    this.parameters = parameters;
    this.owners = shardOptimizer && across !== undefined ? ownersOf(parameters, across.size) : undefined;
    const { name, ...rest } = optimizer;
    this.optimizer = createOptimizer(name, new Map(this.moved([...parameters])), rest);
    this.average = ema === undefined ? undefined : new MovingAverage(parameters, ema);
  }

  /** What gradients are of. */
  get source(): Source {
    const { net, parameters, options } = this;
    const { precision = "fp32", across } = options;
    return { net, parameters: [...parameters.values()], precision, across };
  }

  /** Those of a list, one for each parameter, whose parameters are moved here. */
  private moved<T>(list: readonly T[]): readonly T[] {
    const { owners, options } = this;
    return owners === undefined ? list : list.filter((_, i) => owners[i] === options.across!.rank);
  }

  /** Steps done. */
  get steps(): number {
    return this.optimizer.steps;
  }

  /**
   * One step.
   * @param losses with the same terms
   * @param at its number, from 0
   * @throws {NotFiniteError} a loss or a gradient is not finite: the first tensor of the net that is not; nothing moves.
   *   Within a loop it is the loop that finds out.
   */
  step(losses: readonly Loss[], at: number, given?: Given): Step {
    return descend([this], losses, at, given);
  }

  /**
   * Adds the loss of one of the `of` batches whose mean makes the step.
   * @returns nothing before the last one
   */
  add(loss: Loss, of: number, at: number, given?: Given): Step | undefined {
    if (of === 1) return this.step([loss], at, given);
    const all = this.gathered.add(slopesOf(this.source, loss, at, given, { of, alone: false }), of);
    if (all === undefined) return undefined;
    const list = sumSlopes(all.list, this.options.across);
    return this.gathered.take(() => this.move(this.overAll({ ...all, list }), at, given));
  }

  /** The same from a loss for each of the batch's fixed parts that are here, in their order, as many on every rank, 2ᵏ in all. */
  addParts(losses: readonly Loss[], of: number, at: number, given?: Given): Step | undefined {
    const found = slopesOfParts(this.source, losses, at, given, of);
    if (of === 1) return this.move(found, at, given);
    const all = this.gathered.add(found, of);
    return all && this.gathered.take(() => this.move(all, at, given));
  }

  /** The gradient of a loss, for `move`. */
  slopes(loss: Loss, at: number, given?: Given): Slopes {
    return this.overAll(slopesOf(this.source, loss, at, given));
  }

  /** The same slopes with the values of all ranks' losses. */
  overAll({ values, list }: Slopes): Slopes {
    const { across, losses = "shares" } = this.options;
    return { list, values: losses === "shares" ? sumValues(values, across) : values };
  }

  /** A step by gradients that are there. */
  move({ values, list }: Slopes, at: number, given?: Given): Step {
    const { clipGrad, clip = "together", decay, lr: rate } = this.options;
    const norm = noGrad(() => scope(() => list.norm(), "gradient norm"));
    const skip = watching()?.over([values.loss, norm]);
    if (skip === undefined) this.requireFinite(norm, list, at, given);
    if (clipGrad !== undefined) clip_(list, norm, clipGrad, clip);
    const lr = this.lr ?? rate(at);
    watching()?.move();
    if (this.lr === undefined) this.optimizer.begin(lr);
    this.optimizer.update(this.moved(list.tensors), { weightDecay: decay?.(at), skip });
    if (this.owners !== undefined)
      shareParameters([...this.parameters.values()], this.owners, this.options.across!);
    this.average?.update();
    const own = {
      norm,
      ...Object.fromEntries(Object.entries(values).map(([name, each]) => [name, each.clone()])),
    };
    const { loss, norm: size, ...terms } = (skip === undefined ? read([own])[0]! : own) as Readings;
    return { loss: loss!, terms, norm: size!, lr };
  }

  /**
   * Begins step `at`, in which `body` moves once: what changes from step to step is put onto the device before.
   * @returns what the body does, and the rate
   */
  begin<T>(at: number, body: () => T): [result: T, lr: number] {
    const lr = this.options.lr(at);
    this.optimizer.begin(lr);
    this.lr = lr;
    try {
      return [body(), lr];
    } finally {
      this.lr = undefined;
    }
  }

  /** Whether nothing else changes from step to step. */
  get isFixed(): boolean {
    return this.options.decay === undefined && this.optimizer.isFixed;
  }

  private requireFinite(norm: Tensor, { tensors }: TensorList, at: number, given?: Given): void {
    const size = norm.item();
    if (Number.isFinite(size)) return;
    const bad = tensors.findIndex((slope) => scope(() => slope.isFinite().all().item() === 0));
    const name = [...this.parameters.keys()][bad];
    refuse(`gradient norm is ${size}`, at, name && `the gradient of ${name}`, given);
  }

  /** Starts the optimiser anew: its moments are zero, no step is done. */
  forget(): void {
    noGrad(() => {
      for (const moment of this.optimizer.stateDict().values()) moment.fill_(0);
    });
    this.optimizer.steps = 0;
  }

  averaged<T>(body: () => Promise<T>): Promise<T> {
    return this.average === undefined ? body() : this.average.during(body);
  }

  saved(): Saved {
    const { prefix = "" } = this.options;
    const ema = this.average && above(this.average.stateDict(), prefix);
    return {
      ...(this.owners === undefined && { optimizer: this.moments }),
      ...(ema && { ema }),
      state: { steps: this.steps },
    };
  }

  private get moments(): Map<string, Tensor> {
    return above(this.optimizer.stateDict(), this.options.prefix ?? "");
  }

  /** The moments of all ranks, where they are shared out. */
  get shared(): (() => ReadonlyMap<string, Tensor>[]) | undefined {
    return this.owners && (() => collected(this.moments, this.options.across!));
  }

  /** To be restored after the net: an average that was not kept before begins from its weights. */
  restore({ optimizer, ema, state }: Restored): void {
    const { prefix = "" } = this.options;
    const { steps } = state as { steps?: unknown };
    if (!(Number.isSafeInteger(steps) && (steps as number) >= 0))
      throw new CheckpointError(
        `expected the optimiser's number of steps in the checkpoint's state, got ${JSON.stringify(steps) ?? "none"}; take another checkpoint`,
      );
    this.optimizer.load(below(optimizer, prefix), steps as number);
    this.average?.load(ema === undefined ? this.parameters : below(ema, prefix));
  }

  /** Frees moments, averages and what is gathered. */
  dispose(): void {
    this.gathered.dispose();
    this.optimizer.dispose();
    this.average?.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

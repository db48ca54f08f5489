/** @file Parameters that go down losses: number format, accumulation, clipping, optimiser, schedule, moving average. */

import type { Module } from "../nn/index.ts";
import { CheckpointError, type Group, keep, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { MovingAverage } from "./ema.ts";
import { TensorList } from "./foreach.ts";
import type { Logged } from "./learner.ts";
import { clip_, together } from "./norms.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { collected, ownersOf, shareParameters } from "./owners.ts";
import type { Precision } from "./precision.ts";
import { type Reading, type Readings, read, watching } from "./readings.ts";
import { addTo, type Given, type Loss, refuse, type Slopes, type Source, slopesOf } from "./slopes.ts";
import { above, below, type Restored, type Saved, type Stateful } from "./stateful.ts";
import { sumSlopes, sumValues } from "./sum-slopes.ts";

export interface DescentOptions {
  /** Which of the net's parameters move; all unless given. */
  parameters?: ReadonlyMap<string, Tensor>;
  optimizer: { name: string } & OptimizerOptions;
  /** Learning rate of a step, numbered from 0. */
  lr: (at: number) => number;
  /** A weight decay that moves, in place of the optimiser's. */
  decay?: ((at: number) => number) | undefined;
  /** Of the products in the losses; fp32 unless given. For tf32, `withTF32` is around the run. */
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

/** Within a loop its numbers are still to be read; see `unread`. */
export interface Step {
  /** Sum of the losses before the step, and sums of what was given beside them. */
  loss: Reading;
  terms: Readings;
  /** Euclidean norm of the gradient before it is clipped. */
  norm: Reading;
  lr: number;
}

/** What is logged of a step. */
export const logged = ({ loss, norm, lr, terms }: Step): Logged => ({
  "train/loss": loss,
  ...Object.fromEntries(Object.entries(terms).map(([name, value]) => [`train/${name}`, value])),
  "train/gradientNorm": norm,
  lr,
});

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
  /** What the batches of an unfinished step have come to. */
  private gathered: (Slopes & { batches: number }) | undefined;

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
    const all = this.gather(slopesOf(this.source, loss, at, given, { of, alone: false }), of);
    if (all === undefined) return undefined;
    const { across } = this.options;
    return this.finish(this.overAll({ ...all, list: sumSlopes(all.list, across) }), at, given);
  }

  /**
   * The same from a loss for each of the batch's fixed parts that are here, in their order, as many on every rank, 2ᵏ in all:
   * gradients are added in a binary tree over all parts, so that they have the same bits on 1, 2, 4 … processes.
   */
  addParts(losses: readonly Loss[], of: number, at: number, given?: Given): Step | undefined {
    const { across } = this.options;
    const tree = (some: readonly Loss[]): Slopes => {
      if (some.length === 1) return slopesOf(this.source, some[0]!, at, given, { of, alone: false });
      const sum = tree(some.slice(0, some.length / 2));
      const more = tree(some.slice(some.length / 2));
      addTo(sum, more);
      more.list.dispose();
      return sum;
    };
    const here = tree(losses);
    const all = {
      values: sumValues(here.values, across, "tree"),
      list: sumSlopes(here.list, across, "tree"),
    };
    if (of === 1) return this.move(all, at, given);
    const gathered = this.gather(all, of);
    return gathered && this.finish(gathered, at, given);
  }

  /** Keeps what a batch has come to. @returns the sum with the last of `of` batches */
  private gather(found: Slopes, of: number): Slopes | undefined {
    if (this.gathered === undefined) {
      for (const tensor of [...found.list.tensors, ...Object.values(found.values)]) keep(tensor);
      this.gathered = { ...found, batches: 1 };
    } else {
      addTo(this.gathered, found);
      this.gathered.batches++;
    }
    return this.gathered.batches < of ? undefined : this.gathered;
  }

  /** The step of what was gathered, which is freed. */
  private finish(all: Slopes, at: number, given?: Given): Step {
    try {
      return this.move(all, at, given);
    } finally {
      this.forgetGathered();
    }
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

  private forgetGathered(): void {
    this.gathered?.list.dispose();
    for (const value of Object.values(this.gathered?.values ?? {})) value.dispose();
    this.gathered = undefined;
  }

  /** Frees moments, averages and what is gathered. */
  dispose(): void {
    this.forgetGathered();
    this.optimizer.dispose();
    this.average?.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** One step of several descents down the same losses; each clips its own gradient. The format is the first one's. */
export function descend(
  descents: readonly Descent[],
  losses: readonly Loss[],
  at: number,
  given?: Given,
): Step {
  const [first, ...others] = losses as readonly [Loss];
  const alone = others.length === 0;
  const parameters = descents.flatMap((descent) => [...descent.parameters.values()]);
  const source = { ...descents[0]!.source, parameters };
  const here = slopesOf(source, first, at, given, { alone });
  for (const loss of others) addTo(here, slopesOf(source, loss, at, given, { alone }));
  const { across } = source;
  const sum = descents[0]!.overAll(alone ? here : { ...here, list: sumSlopes(here.list, across) });
  let taken = 0;
  const steps = descents.map((descent) => {
    const own = sum.list.tensors.slice(taken, taken + descent.parameters.size);
    taken += own.length;
    return descent.move({ values: sum.values, list: new TensorList(own) }, at, given);
  });
  return { ...steps[0]!, norm: together(steps.map(({ norm }) => norm)) };
}

/** @file Two nets that play against each other, an optimiser for each. */

import type { ClosedLoopNets } from "../../model/index.ts";
import { gradients, NotFiniteError, noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";

export type Player = "encoder" | "decoder";

const PLAYERS: readonly Player[] = ["encoder", "decoder"];

/**
 * An encoder and a decoder with Adam for both. In checkpoints their tensors are `encoder.…` and `decoder.…`, and the
 * optimisers' moments `encoder.exp_avg.…`.
 */
export class Players {
  private readonly optimizers: Record<Player, Optimizer>;

  constructor(
    readonly nets: ClosedLoopNets,
    betas: readonly [number, number],
    /** Of the products in both nets; features and rates stay wide. */
    private readonly precision: Precision = "fp32",
  ) {
    const adam = (player: Player) => createOptimizer("adam", nets[player].namedParameters(), { betas });
    this.optimizers = { encoder: adam("encoder"), decoder: adam("decoder") };
  }

  /**
   * One step of one player down its loss; the other's parameters have no part in it.
   * @returns the loss
   * @throws {NotFiniteError} the loss is not finite; nothing is changed then
   */
  descend(player: Player, lr: number, loss: () => Tensor): number {
    return this.step([player], lr, loss);
  }

  /** One step of both down the same loss, as `descend`. */
  descendTogether(lr: number, loss: () => Tensor): number {
    return this.step(PLAYERS, lr, loss);
  }

  private step(players: readonly Player[], lr: number, loss: () => Tensor): number {
    return scope(() => {
      const { device } = this.nets.encoder.parameters()[0]!;
      const value = inPrecision(this.precision, device, loss);
      const number = value.item();
      const name = players.join(" and ");
      if (!Number.isFinite(number))
        throw new NotFiniteError(
          `the loss of the ${name} is ${number} at step ${this.optimizers[players[0]!].steps + 1}; lower the learning rate or look at the data`,
        );
      const parameters = players.map((player) => this.nets[player].parameters());
      const all = gradients(value, parameters.flat());
      for (const [i, player] of players.entries())
        this.optimizers[player].step(all.splice(0, parameters[i]!.length), lr);
      return number;
    }, "step of a player");
  }

  /** Both nets in training mode, or with `false` in evaluation mode. */
  train(training = true): void {
    for (const player of PLAYERS) this.nets[player].train(training);
  }

  /** Starts both optimisers anew: their moments are zero, no step is done. */
  forget(): void {
    for (const optimizer of Object.values(this.optimizers)) {
      noGrad(() => [...optimizer.stateDict().values()].forEach((moment) => void moment.fill_(0)));
      optimizer.steps = 0;
    }
  }

  snapshot(): { model: Map<string, Tensor>; optimizer: Map<string, Tensor>; state: { steps: number[] } } {
    const prefixed = (states: (player: Player) => ReadonlyMap<string, Tensor>) =>
      new Map(
        PLAYERS.flatMap((player) =>
          [...states(player)].map(([name, tensor]) => [`${player}.${name}`, tensor]),
        ),
      );
    return {
      model: prefixed((player) => this.nets[player].stateDict()),
      optimizer: prefixed((player) => this.optimizers[player].stateDict()),
      state: { steps: PLAYERS.map((player) => this.optimizers[player].steps) },
    };
  }

  /** @throws {CheckpointError} a tensor that is missing, or has another shape */
  restore(
    model: ReadonlyMap<string, Tensor>,
    optimizer: ReadonlyMap<string, Tensor>,
    state: { steps: readonly number[] },
  ): void {
    PLAYERS.forEach((player, i) => {
      this.nets[player].load(below(model, `${player}.`));
      this.optimizers[player].load(below(optimizer, `${player}.`), state.steps[i]!);
    });
  }

  /** Frees nets and optimisers. */
  dispose(): void {
    for (const player of PLAYERS) {
      this.nets[player].dispose();
      this.optimizers[player].dispose();
    }
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The tensors whose names begin with a prefix, without it. */
export const below = (tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> =>
  new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );

/** @file Two nets that play against each other, a descent for each. */

import type { ClosedLoopNets } from "../../model/index.ts";
import { synchronise } from "../../nn/index.ts";
import { scope } from "../../tensor/index.ts";
import { descend } from "../../train/descend.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import { read } from "../../train/readings.ts";
import type { Loss } from "../../train/slopes.ts";
import { type Stateful, weights } from "../../train/stateful.ts";

export type Player = "encoder" | "decoder";

const PLAYERS: readonly Player[] = ["encoder", "decoder"];

/** The precision is of the products in both nets: features and rates stay wide. A gradient is clipped by player. */
export type PlayersOptions = Pick<DescentOptions, "precision" | "clipGrad" | "ema" | "across">;

/**
 * An encoder and a decoder with Adam for both. In checkpoints their tensors are `encoder.…` and `decoder.…`, and the
 * optimisers' moments `encoder.exp_avg.…`.
 */
export class Players {
  private readonly descents: Record<Player, Descent>;
  private lr = 0;
  /** For the training loop. */
  readonly parts: Readonly<Record<string, Stateful>>;

  constructor(
    readonly nets: ClosedLoopNets,
    betas: readonly [number, number],
    { precision, clipGrad, ema, across }: PlayersOptions = {},
  ) {
    for (const player of PLAYERS) synchronise(nets[player], across);
    const adam = (player: Player) =>
      new Descent(nets[player], {
        ...{ precision, clipGrad, ema, prefix: `${player}.`, across, losses: "whole" },
        ...{ optimizer: { name: "adam", betas }, lr: () => this.lr },
      });
    this.descents = { encoder: adam("encoder"), decoder: adam("decoder") };
    const { encoder, decoder } = this.descents;
    this.parts = {
      ...{ encoder: weights(nets.encoder, "encoder."), decoder: weights(nets.decoder, "decoder.") },
      ...{ encoderDescent: encoder, decoderDescent: decoder },
    };
  }

  /**
   * One step of one player down its loss; the other's parameters have no part in it.
   * @returns the loss
   * @throws {NotFiniteError} the loss is not finite; nothing is changed then
   */
  descend(player: Player, lr: number, loss: Loss): number {
    return this.step([player], lr, loss);
  }

  /** One step of both down the same loss, as `descend`. */
  descendTogether(lr: number, loss: Loss): number {
    return this.step(PLAYERS, lr, loss);
  }

  private step(players: readonly Player[], lr: number, loss: Loss): number {
    this.lr = lr;
    const descents = players.map((player) => this.descents[player]);
    const step = () => {
      const { loss: found } = descend(descents, [loss], descents[0]!.steps);
      return read([{ found }])[0]!.found!; // one read: the rates in the losses have looked at their conditions anyway
    };
    return scope(step, "step of a player");
  }

  /** Both nets in training mode, or with `false` in evaluation mode. */
  train(training = true): void {
    for (const player of PLAYERS) this.nets[player].train(training);
  }

  /** Starts both optimisers anew: their moments are zero, no step is done. */
  forget(): void {
    for (const player of PLAYERS) this.descents[player].forget();
  }

  /** Frees nets and optimisers. */
  dispose(): void {
    for (const player of PLAYERS) {
      this.nets[player].dispose();
      this.descents[player].dispose();
    }
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @file One step of incremental closed-loop transcription: new images beside the memory of old classes. */

import { rowsOf } from "../../data/index.ts";
import {
  type IncrementalOptions,
  incrementalDecoderObjective,
  incrementalEncoderObjective,
} from "../../rate/index.ts";
import { cat, type Group, noGrad, type Tensor } from "../../tensor/index.ts";
import type { Players } from "../ctrl/players.ts";
import type { CtrlBatch } from "../ctrl/step.ts";

/** What a task plays against: remembered features and the images that the decoder made of them when it began. */
export interface Replay {
  /** Z_mem, [m, d] */
  Z: Tensor;
  /** X_mem = g(Z_mem), [m, c, H, W], fixed during the task */
  images: Tensor;
  /** int64 [m] */
  labels: Tensor;
}

/** The replay of remembered features by the decoder as it is now. */
export function replayOf(players: Players, memory: { Z: Tensor; labels: Tensor }): Replay {
  return { ...memory, images: noGrad(() => players.nets.decoder.apply(memory.Z)) };
}

/** The rows of a replay that are this rank's: a rate takes each once. */
function ownOf({ Z, images, labels }: Replay, across: Group | undefined): Replay {
  if (across === undefined) return { Z, images, labels };
  const rows = rowsOf(across, labels.numel);
  const own = (x: Tensor) => x.narrow(0, rows[0] ?? 0, rows.length);
  return { Z: own(Z), images: own(images), labels: own(labels) };
}

/**
 * The encoder's step: Z = [f(x); Z_mem], Ẑ = f([g(f(x)); X_mem]) with the images held fixed.
 * @returns the objective before the step
 */
export function incrementalEncoderStep(
  players: Players,
  { images, labels }: CtrlBatch,
  all: Replay,
  options: IncrementalOptions,
  lr: number,
): number {
  const { encoder: f, decoder: g } = players.nets;
  const replay = ownOf(all, options.across);
  const loss = players.descend("encoder", lr, () => {
    const Znew = f.apply(images); //                                            [b, d]
    const Xhat = noGrad(() => cat([g.apply(Znew), replay.images])); //          [b + m, c, H, W]
    const Zhat = f.apply(Xhat); //                                              [b + m, d]
    const Z = cat([Znew, replay.Z]);
    return incrementalEncoderObjective(Z, Zhat, cat([labels, replay.labels]), options).objective.neg();
  });
  return -loss;
}

/**
 * The decoder's step: the held classes are compared as the decoder makes them now, Ẑ' = f(g([f(x); Z_mem])), with what it
 * made when the task began, Ẑ = f([g(f(x)); X_mem]).
 *
 * With normalisation by running statistics every image goes through on its own, and images that both sets share go
 * through once; with batch statistics each pass is made as the authors write it.
 *
 * @returns the objective before the step
 */
export function incrementalDecoderStep(
  players: Players,
  { images, labels }: CtrlBatch,
  all: Replay,
  options: IncrementalOptions,
  lr: number,
): number {
  const { encoder: f, decoder: g } = players.nets;
  const replay = ownOf(all, options.across);
  return players.descend("decoder", lr, () => {
    const Znew = noGrad(() => f.apply(images)); //                              [b, d]
    const Z = cat([Znew, replay.Z]); //                                         [b + m, d]
    const every = cat([labels, replay.labels]);
    const [Zhat, Zagain] = g.training || f.training ? separate(Znew, Z) : shared(Z);
    return incrementalDecoderObjective(Z, Zhat, Zagain, every, options).objective;
  });

  function separate(Znew: Tensor, Z: Tensor): [Tensor, Tensor] {
    const Xhat = cat([g.apply(Znew), replay.images]);
    const Xagain = g.apply(Z);
    const Zagain = f.apply(Xagain);
    return [f.apply(Xhat), Zagain];
  }

  function shared(Z: Tensor): [Tensor, Tensor] {
    const Zagain = f.apply(g.apply(Z)); //                                      [b + m, d]
    const before = noGrad(() => f.apply(replay.images)); //                     [m, d]
    return [cat([Zagain.narrow(0, 0, labels.size(0)), before]), Zagain];
  }
}

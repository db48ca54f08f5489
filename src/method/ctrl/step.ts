/** @file One step of closed-loop transcription: the encoder ascends, then the decoder descends, on one batch. */

import { binaryObjective, featureObjective, multiObjective, type Parts, partsOf } from "../../rate/index.ts";
import { type Group, noGrad, type Tensor, UsageError } from "../../tensor/index.ts";
import type { Players } from "./players.ts";

export interface CtrlOptions {
  /**
   * `"binary"`: ΔR(Z, Ẑ), without labels. `"multi"`: ΔR(Z | Π) + ΔR(Ẑ | Π) + Σ ΔR(Zₖ, Ẑₖ). `"features-first"`: as multi,
   * but all encoder steps on a batch except the last ascend ΔR(Z | Π) alone, without its weight (needs `inner` ≥ 2).
   */
  objective: "binary" | "multi" | "features-first";
  classes: number;
  /** Encoder steps per batch. */
  inner: number;
  /** ε; the authors' `eps` is ε². */
  epsilon: number;
  /** γ₁, γ₂, γ₃ of the multi objective. */
  weights?: readonly [number, number, number];
  /** Processes that hold other images of the batch. */
  across?: Group | undefined;
}

export interface CtrlBatch {
  /** [b, c, H, W], in [−1, 1] */
  images: Tensor;
  /** int64 [b]; the binary objective does not look at them */
  labels: Tensor;
}

/** @throws {UsageError} too few encoder steps for the objective */
export function checkCtrlOptions({ objective, inner }: CtrlOptions): void {
  const least = objective === "features-first" ? 2 : 1;
  if (!(Number.isInteger(inner) && inner >= least))
    throw new UsageError(
      `ctrl: expected inner of at least ${least} for the objective ${objective}, got ${inner}`,
    );
}

/** T(Z, Ẑ), which the encoder ascends and the decoder descends. */
export function transcriptionObjective(
  Z: Tensor,
  Zhat: Tensor,
  labels: Tensor,
  options: CtrlOptions,
  parts?: Parts,
): Tensor {
  const { objective, classes, epsilon, weights, across } = options;
  if (objective === "binary") return binaryObjective(Z, Zhat, { epsilon, across }).objective;
  const more = { ...(weights && { weights }), ...(parts && { parts }) };
  return multiObjective(Z, Zhat, labels, { classes, epsilon, across, ...more }).objective;
}

/**
 * The encoder's step. Z = f(x), Ẑ = f(X̂) with X̂ = g(Z) held fixed: gradients pass through both passes of f, none through g.
 *
 * @param index number of this encoder step on the batch, from 0
 * @returns the objective before the step
 */
export function encoderStep(
  players: Players,
  { images, labels }: CtrlBatch,
  options: CtrlOptions,
  lr: number,
  index = options.inner - 1,
  parts?: Parts,
): number {
  const { encoder: f, decoder: g } = players.nets;
  const { objective, classes, inner, epsilon, across } = options;
  const loss = players.descend("encoder", lr, () => {
    const Z = f.apply(images); //                                               [b, d]
    // the decoder sees the batch here too, as in the authors' code: its running statistics move
    const Xhat = noGrad(() => g.apply(Z)); //                                   [b, c, H, W]
    const Zhat = f.apply(Xhat); //                                              [b, d]
    if (objective === "features-first" && (index + 1) % inner !== 0)
      return featureObjective(Z, labels, {
        classes,
        epsilon,
        across,
      }).objective.neg();
    return transcriptionObjective(Z, Zhat, labels, options, parts).neg();
  });
  return -loss;
}

/**
 * The decoder's step: Ẑ = f(g(f(x))) with gradients through the last f and g. The authors' code also computes what
 * reaches f's parameters, and throws it away at f's next step; here it is not computed.
 *
 * @returns the objective before the step
 */
export function decoderStep(
  players: Players,
  { images, labels }: CtrlBatch,
  options: CtrlOptions,
  lr: number,
  parts?: Parts,
): number {
  const { encoder: f, decoder: g } = players.nets;
  return players.descend("decoder", lr, () => {
    const Z = noGrad(() => f.apply(images)); //                                 [b, d]
    const Zhat = f.apply(g.apply(Z)); //                                        [b, d]
    return transcriptionObjective(Z, Zhat, labels, options, parts);
  });
}

/** Encoder steps and the decoder's step on one batch; the objective as each saw it last. Both nets in training mode. */
export function ctrlStep(players: Players, batch: CtrlBatch, options: CtrlOptions, lr: number) {
  const parts =
    options.objective === "binary" ? undefined : partsOf(batch.labels, options.classes, 2, options.across);
  let encoder = Number.NaN;
  for (let i = 0; i < options.inner; i++) encoder = encoderStep(players, batch, options, lr, i, parts);
  return { encoder, decoder: decoderStep(players, batch, options, lr, parts) };
}

/**
 * The learning rate at a step counted from 0, of `total`: lr₀ (1 − (t − 1)/total), and lr₀ at t = 0. The authors set the
 * rate after the step that they number, so that the first two run at lr₀.
 */
export const decayedRate = (lr: number, step: number, total: number): number =>
  lr * (1 - Math.max(step - 1, 0) / total);

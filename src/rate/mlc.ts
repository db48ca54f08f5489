/** @file Clustering without labels: the losses of MLC, CPP and NMCE, on features of the unit sphere. */

import { type Random, scope, sumReplicated, type Tensor, UsageError } from "../tensor/index.ts";
import { rateAgainstAffinity } from "./affinity-rate.ts";
import { codingRate, type RateOptions, rateAgainstMemberships, rowsOf, withRows } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";

/** ε of CPP: the authors' ε² 0.1, which their code holds whatever its argument `eps` says. */
export const CPP_EPSILON = Math.sqrt(0.1);
/** ε of NMCE: the authors' `eps` 0.2 is ε². */
export const NMCE_EPSILON = Math.sqrt(0.2);

export interface MlcOptions extends RateOptions {
  /** Weight of ½‖Π‖², which keeps Π from a permutation: the authors' `pigam`, 0.05 unless given. */
  penalty?: number;
}

/** The loss and its parts, nats; only the loss carries a gradient. */
export interface MlcLoss {
  /** −R(Z) + Rᶜ(Z | Π) + penalty · ½‖Π‖², to be minimised: [] */
  loss: Tensor;
  /** R(Z): [] */
  expansion: Tensor;
  /** Rᶜ(Z | Π): [] */
  compression: Tensor;
}

/**
 * The loss of manifold linearising and clustering, as CPP's code has it:
 *
 *     −R(Z) + Rᶜ(Z | Π) + γ/2 ‖Π‖²
 *
 * During warm-up the loss is −R(Z) alone: `codingRate(Z, { epsilon: CPP_EPSILON }).neg()`.
 *
 * @param Z features, [n, d], rows of length 1
 * @param Pi doubly stochastic memberships, [n, n]; gradients pass into it
 * @see Ding et al. 2023, the objective; with ½ in both rates, as the code
 * @see Chu et al. 2024, the loss, with the penalty of the code
 */
export function mlcLoss(Z: Tensor, Pi: Tensor, options: MlcOptions): MlcLoss {
  const { penalty = 0.05, ...rest } = options;
  const given = withRows(rest, Z.size(0));
  return withDigits([Z, Pi], (Z, Pi) => {
    const expansion = codingRate(Z, given);
    const compression = rateAgainstAffinity(Z, Pi, given);
    const size = ofAll(Pi.square().sum(), given).mul(penalty / 2);
    const loss = compression.sub(expansion).add(size);
    return { loss, expansion: expansion.detach(), compression: compression.detach() };
  });
}

/** A sum over rows, with those on other ranks. */
const ofAll = (sum: Tensor, { across }: RateOptions): Tensor =>
  across === undefined ? sum : sumReplicated(sum, across);

const meanOfAll = (values: Tensor, given: RateOptions): Tensor =>
  given.across === undefined ? values.mean() : ofAll(values.sum(), given).div(rowsOf(given, values.numel));

/** Mean features of several views, on the sphere again: [n, d] each → [n, d]. */
export function meanFeatures(views: readonly Tensor[]): Tensor {
  return scope(() => {
    const mean = meanOf(views);
    return mean.div(mean.norm(-1, true).clamp(1e-12));
  }, "mean features");
}

/** Mean memberships of several views: rows that sum to 1 go on doing so. */
export const meanMemberships = (views: readonly Tensor[]): Tensor =>
  scope(() => meanOf(views), "mean memberships");

function meanOf(views: readonly Tensor[]): Tensor {
  const [first, ...rest] = views;
  if (first === undefined) throw new UsageError("views: expected at least one, got none");
  return rest.reduce((sum, view) => sum.add(view), first).div(views.length);
}

export interface TcrOptions extends RateOptions {
  /** Weight of the agreement between views. */
  alignment: number;
}

/** A self-supervised loss, how spread out features are and how well the views agree; only the loss has a gradient. */
export interface TcrLoss {
  loss: Tensor; //                                                              []
  /** The coding rate that is raised, nats: [] */
  rate: Tensor;
  /** Mean of z·z′, or of |z·z′|: [] */
  cosine: Tensor;
}

/**
 * Total coding rate of two views, as NMCE's code has it:
 *
 *     −½ (R(Z) + R(Z′)) − λ mean zᵢ·z′ᵢ
 *
 * @param Z features of one view, [n, d], rows of length 1; Z′ those of the other
 * @param options λ 30 unless given
 * @see Li et al. 2022, the first stage
 */
export function tcrLoss(Z: Tensor, Zother: Tensor, options: RateOptions & Partial<TcrOptions>): TcrLoss {
  const { alignment = 30, ...rest } = options;
  const given = withRows(rest, Z.size(0));
  return withDigits([Z, Zother], (Z, Zother) => {
    const rate = codingRate(Z, given).add(codingRate(Zother, given)).div(2);
    const cosine = meanOfAll(Z.mul(Zother).sum(-1), given);
    const loss = rate.neg().sub(cosine.mul(alignment));
    return { loss, rate: rate.detach(), cosine: cosine.detach() };
  });
}

/**
 * Total coding rate of the views' mean, as MLC's text has it for the same purpose:
 *
 *     −R((Z + Z′)/2) − λ Σ |zᵢ·z′ᵢ|
 *
 * @param options λ, which the text leaves to an appendix, is for a sum over samples
 * @see Ding et al. 2023, the initialisation
 */
export function meanTcrLoss(Z: Tensor, Zother: Tensor, options: TcrOptions): TcrLoss {
  const { alignment, ...rest } = options;
  const given = withRows(rest, Z.size(0));
  return withDigits([Z, Zother], (Z, Zother) => {
    const rate = codingRate(meanOf([Z, Zother]), given);
    const cosines = Z.mul(Zother).sum(-1).abs(); //                             [n]
    const loss = rate.neg().sub(ofAll(cosines.sum(), given).mul(alignment));
    return { loss, rate: rate.detach(), cosine: meanOfAll(cosines.detach(), given) };
  });
}

/**
 * A point of the simplex near one of its corners, drawn by the logits: softmax((log softmax(x) + g)/τ), g Gumbel noise.
 *
 * @param logits [n, K]
 * @param random draws the noise
 * @param temperature τ > 0; 1 unless given
 * @returns memberships, [n, K], rows that sum to 1
 */
export function gumbelSoftmax(logits: Tensor, random: Random, temperature = 1): Tensor {
  if (!(temperature > 0)) throw new UsageError(`gumbel: expected a temperature above 0, got ${temperature}`);
  return scope(() => {
    const { device } = logits;
    const tiny = 1e-20; //                                                      a draw may be 0
    const draws = random.uniform(logits.shape, 0, 1, { device }).clamp(tiny, 1 - 1e-7);
    const noise = draws.log().neg().log().neg();
    return logits.logSoftmax(-1).add(noise).div(temperature).softmax(-1);
  }, "gumbel softmax");
}

/**
 * The loss of NMCE's second and third stage, −R(Z̄) + Rᶜ(Z̄ | Π̄): Z̄ the mean features of the views on the sphere, Π̄ the
 * mean of their memberships in K clusters. The second stage trains the heads alone, the third everything.
 *
 * @param views features [n, d] of each view
 * @param memberships [n, K] of each view, as `gumbelSoftmax` draws them
 * @see Li et al. 2022, the clustering stages
 */
export function nmceLoss(
  views: readonly Tensor[],
  memberships: readonly Tensor[],
  options: RateOptions,
): MlcLoss {
  const given = withRows(options, views[0]?.size(0) ?? 0);
  return withDigits([...views, ...memberships], (...all) => {
    const Z = meanFeatures(all.slice(0, views.length));
    const Pi = meanOf(all.slice(views.length));
    const expansion = codingRate(Z, given);
    const compression = rateAgainstMemberships(Z, Pi, given);
    const loss = compression.sub(expansion);
    return { loss, expansion: expansion.detach(), compression: compression.detach() };
  });
}

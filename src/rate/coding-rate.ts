/** @file The coding rate R, against nothing, against subspaces, against memberships. */

import {
  arange,
  type Group,
  gatherRows,
  operator,
  run,
  sumGrams,
  sumReplicated,
  type Tensor,
  UsageError,
} from "../tensor/index.ts";
import { withDigits } from "./digits.ts";

const CODING_RATE = operator("vitrine::coding_rate");
const LOGDET1P = operator("vitrine::logdet1p");
const GRAMS = operator("vitrine::grams");

export interface RateOptions {
  /** ε > 0: the distortion up to which features are coded. No default: papers differ, recipes and callers say theirs. */
  epsilon: number;
  /**
   * Processes that hold other rows of the same batch, where a rate or a loss is that of all rows: it has the same value on
   * every rank, and the gradient of the rows that are there.
   */
  across?: Group | undefined;
  /** Rows that each rank holds; asked for unless given. */
  rows?: readonly number[] | undefined;
}

/** The same options with the rows of all ranks, of which this one has `own`. */
export const withRows = <T extends RateOptions>(options: T, own: number): T => {
  const { across, rows = across?.numbers([own]).flat() } = options;
  return across === undefined ? options : { ...options, rows };
};

/** n: the rows of all ranks, or just those that are here. */
export const rowsOf = ({ across, rows }: RateOptions, own: number): number =>
  across === undefined ? own : rows!.reduce((sum, count) => sum + count, 0);

/** @throws {UsageError} options of several processes where each sample has a rate of its own */
export function requireAlone({ across }: RateOptions, what: string): void {
  if (across !== undefined) throw new UsageError(`${what}: has no form across processes; leave out "across"`);
}

/** ε², checked. */
export function squared({ epsilon }: RateOptions): number {
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw new UsageError(`epsilon: expected ε > 0, got ${epsilon}`);
  return epsilon * epsilon;
}

/**
 * ½ log det(I + α WᵀW) by Cholesky of the smaller side, with the gradient α W (I + α WᵀW)⁻¹ in closed form.
 *
 * @param W [..., n, p], one sample per row
 * @param alpha α > 0
 * @returns [...], nats
 */
export const halfLogDet = (W: Tensor, alpha: number): Tensor =>
  withDigits([W], (W) => run(CODING_RATE, W.h, alpha));

/** log det(I + G), G [..., d, d] symmetric positive semidefinite; gradient (I + G)⁻¹. */
export const logDet1p = (G: Tensor): Tensor => withDigits([G], (G) => run(LOGDET1P, G.h));

/**
 * The coding rate of tokens under one Gaussian:
 *
 *     R(Z) = ½ log det(I + d/(n ε²) ZᵀZ)
 *
 * @param Z tokens, [..., n, d]
 * @returns [...], nats
 * @see Yu et al. 2020, "Learning Diverse and Discriminative Representations via MCR²", the coding rate
 * @example codingRate(tensor([[1, 0], [0, 1]]), { epsilon: 1 }).item(); // ln 2
 */
export function codingRate(Z: Tensor, options: RateOptions): Tensor {
  const epsSq = squared(options);
  if (options.across !== undefined) return rateOfAll(Z, options.across, withRows(options, Z.size(0)));
  return halfLogDet(Z, Z.size(-1) / (Z.size(-2) * epsSq));
}

/** The same of rows [n_r, d] on several ranks: from their Grams, d(d + 1)/2 numbers, or from all rows where those are fewer. */
function rateOfAll(Z: Tensor, group: Group, options: RateOptions): Tensor {
  if (Z.dim !== 2)
    throw new UsageError(`rate: expected features [n, d] across processes, got ${Z.describe()}`);
  const [n, d] = [rowsOf(options, Z.size(0)), Z.size(1)];
  const alpha = d / (n * squared(options));
  return withDigits([Z], (Z) => {
    if (2 * n <= d + 1) return halfLogDet(gatherRows(Z, group, options.rows), alpha);
    const gram = sumGrams(gramsOf(Z), group).select(0, 0); //                   [d, d]
    return logDet1p(gram.mul(alpha)).div(2);
  });
}

/** ZₛᵀZₛ of the segments of Z [n, d], `counts[s]` rows each, listed in `order`; of all rows unless given: [S, d, d]. */
export function gramsOf(
  Z: Tensor,
  order = arange(Z.size(0), { dtype: "int64", device: Z.device }),
  counts: readonly number[] = [Z.size(0)],
): Tensor {
  return run(GRAMS, Z.h, order.h, counts);
}

/**
 * The rate of tokens coded against K subspaces, each for all of them:
 *
 *     Rᶜ(Z | U) = Σₖ ½ log det(I + p/(n ε²) (Z Uₖ)ᵀ(Z Uₖ))
 *
 * @param Z tokens, [..., n, d]
 * @param U bases, [K, d, p]
 * @returns [...], nats
 * @see Yu et al. 2023, "White-Box Transformers via Sparse Rate Reduction", rate against a codebook of subspaces
 */
export function rateAgainstSubspaces(Z: Tensor, U: Tensor, options: RateOptions): Tensor {
  requireAlone(options, "rate against subspaces");
  const [K, d, p] = U.shape as [number, number, number];
  return withDigits([Z, U], (Z, U) => {
    const stacked = U.transpose(0, 1).reshape([d, K * p]); //                   one product for all subspaces
    const W = Z.matmul(stacked).reshape([...Z.shape.slice(0, -1), K, p]); //    [..., n, K, p]
    return rateOfProjections(W.transpose(-3, -2), options);
  });
}

/** Rᶜ of tokens already projected, W = Z Uₖ [..., K, n, p] → [...]. */
export function rateOfProjections(W: Tensor, options: RateOptions): Tensor {
  const alpha = W.size(-1) / (W.size(-2) * squared(options));
  return withDigits([W], (W) => halfLogDet(W, alpha).sum(-1));
}

/**
 * The rate of samples coded class by class; a class without samples contributes 0:
 *
 *     Rᶜ(Z | Π) = Σⱼ nⱼ/(2n) log det(I + d/(nⱼ ε²) Zᵀ diag(πⱼ) Z),   nⱼ = Σᵢ πᵢⱼ
 *
 * @param Z features, [n, d]
 * @param Pi memberships, [n, c], in [0, 1]
 * @returns [], nats
 * @see Yu et al. 2020, rate of a partition
 */
export function rateAgainstMemberships(Z: Tensor, Pi: Tensor, options: RateOptions): Tensor {
  const { across } = options;
  const [n, d] = [rowsOf(withRows(options, Z.size(0)), Z.size(0)), Z.size(1)];
  return withDigits([Z, Pi], (Z, Pi) => {
    const own = { counts: Pi.sum(0), grams: Z.mul(Pi.T.unsqueeze(-1)).T.matmul(Z) };
    const counts = across === undefined ? own.counts : sumReplicated(own.counts, across); //  [c]
    const grams = across === undefined ? own.grams : sumGrams(own.grams, across); //          [c, d, d]
    const inverse = counts.clamp(1e-8).reciprocal();
    const alpha = inverse.mul(d / squared(options)); //                         [c]
    const logdets = logDet1p(grams.mul(alpha.reshape([-1, 1, 1])));
    return logdets
      .mul(counts)
      .sum()
      .div(2 * n);
  });
}

/** ΔR(Z | Π) = R(Z) − Rᶜ(Z | Π), what MCR² maximises. @see Yu et al. 2020, rate reduction */
export function rateReduction(Z: Tensor, Pi: Tensor, options: RateOptions): Tensor {
  return withDigits([Z, Pi], (Z, Pi) => codingRate(Z, options).sub(rateAgainstMemberships(Z, Pi, options)));
}

/**
 * Sparse rate reduction, what a CRATE layer ascends:
 *
 *     R(Z) − Rᶜ(Z | U) − λ ‖Z‖₁
 *
 * @see Yu et al. 2023, the objective, with ‖·‖₀ relaxed to ‖·‖₁
 */
export function sparseRateReduction(
  Z: Tensor,
  U: Tensor,
  options: RateOptions & { lambda?: number },
): Tensor {
  requireAlone(options, "sparse rate reduction");
  const { lambda = 0.1 } = options;
  return withDigits([Z, U], (Z, U) => {
    const reduction = codingRate(Z, options).sub(rateAgainstSubspaces(Z, U, options));
    return reduction.sub(Z.abs().sum([-2, -1]).mul(lambda));
  });
}

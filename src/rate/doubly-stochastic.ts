/** @file Memberships of points in the neighbourhoods of points: a doubly stochastic matrix by Sinkhorn's iterations. */

import { aten, type Group, gatherShared, noGrad, scope, type Tensor, UsageError } from "../tensor/index.ts";

export interface SinkhornOptions {
  /** η > 0, the weight of the entropy: small is a permutation, large is uniform. */
  temperature: number;
  /** Half-iterations, row, column, row, …, row: an odd number; 5 unless given. */
  halfSteps?: number;
  /** Processes that hold other rows of the affinity. */
  across?: Group | undefined;
}

/** log Σ exp over rows, those on other ranks too: [n_r, n] → [1, n]. */
function logSumOfRows(X: Tensor, group: Group | undefined): Tensor {
  if (group === undefined) return X.logsumexp([0], true);
  const most = group.allReduce(aten<Tensor>("amax", X, [0], true), "max"); //                [1, n]
  return group
    .allReduce(X.sub(most).exp().sum([0], true))
    .log()
    .add(most);
}

/** v of the scaling exp((A + u1ᵀ + 1vᵀ)/η) after the last column step, [1, n]. */
function columnPotential(A: Tensor, temperature: number, halfSteps: number, group?: Group): Tensor {
  return noGrad(() =>
    scope(() => {
      const n = A.size(1);
      const target = -Math.log(n); //                                           log of a marginal
      const scaled = (potential: Tensor): Tensor => A.add(potential).div(temperature);
      const step = (logSum: Tensor): Tensor => logSum.neg().add(target).mul(temperature);
      let v = A.select(0, 0).mul(0).unsqueeze(0); //                            [1, n]
      for (let i = 0; i < (halfSteps - 1) / 2; i++) {
        const u = step(scaled(v).logsumexp([1], true)); //                      [n, 1]
        v = step(logSumOfRows(scaled(u), group)); //                            [1, n]
      }
      return v;
    }, "sinkhorn"),
  );
}

/**
 * The entropic projection of an affinity onto doubly stochastic matrices,
 *
 *     Π = n argmax ⟨Γ, A⟩ − η Σ Γ log Γ   over Γ ≥ 0 with rows and columns that sum to 1/n,
 *
 * by a few of Sinkhorn's half-iterations from zero potentials. The last one is a row step, and the potential v of the
 * columns is a constant to the gradient, so that
 *
 *     Π = softmax over rows of (A + 1 vᵀ)/η
 *
 * is all that is differentiated. Rows sum to 1 exactly, columns nearly. Π is not quite symmetric even where A is.
 *
 * @param A affinity, [n, n]; across processes the rows that are here, [n_r, n]
 * @returns Π, as A
 * @throws {UsageError} an A that is not square, η that is not above 0, an even number of half-iterations
 * @see Cuturi 2013, the projection by matrix scaling
 */
export function sinkhorn(A: Tensor, { temperature, halfSteps = 5, across }: SinkhornOptions): Tensor {
  if (A.dim !== 2 || (A.size(0) !== A.size(1) && across === undefined) || A.size(0) === 0)
    throw new UsageError(`sinkhorn: expected an affinity [n, n], got ${A.describe()}`);
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new UsageError(`sinkhorn: expected a temperature above 0, got ${temperature}`);
  if (!(Number.isInteger(halfSteps) && halfSteps > 0 && halfSteps % 2 === 1))
    throw new UsageError(`sinkhorn: expected an odd number of half-iterations, got ${halfSteps}`);
  return scope(() => {
    const v = columnPotential(A.detach(), temperature, halfSteps, across);
    return A.add(v).div(temperature).softmax(1);
  }, "sinkhorn");
}

/**
 * Memberships from cluster features C [n, d] of unit length: Π = sinkhorn(|C Cᵀ|). A subspace has no sign, hence the
 * absolute value.
 *
 * @param C across processes the rows that are here, [n_r, d], for n_r rows of Π
 * @see Ding et al. 2023, the doubly stochastic membership
 */
export const membership = (
  C: Tensor,
  options: SinkhornOptions & { rows?: readonly number[] | undefined },
): Tensor =>
  scope(() => {
    const { across, rows = across?.numbers([C.size(0)]).flat() } = options;
    const all = across === undefined ? C : gatherShared(C, across, rows!);
    return sinkhorn(C.matmul(all.T).abs(), options);
  }, "membership");

/** (Π + Πᵀ)/2, for eigenvectors and other measures; losses take Π as it is. */
export const symmetrised = (Pi: Tensor): Tensor => scope(() => Pi.add(Pi.T).div(2), "symmetrised");

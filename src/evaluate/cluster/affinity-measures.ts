/** @file What an affinity is like: its spectrum, and how much of it stays inside the true classes. */

import { aten, noGrad, scope, type Tensor, zeros } from "../../tensor/index.ts";

/** An entry above it is an edge, as in the authors' code. */
const EDGE = 1e-8;

const measured = <T>(body: () => T): T => noGrad(() => scope(body, "affinity measure"));

/** Whether two points have the same label: [n, n]. */
const together = (labels: Tensor): Tensor => labels.unsqueeze(1).eq(labels.unsqueeze(0));

/**
 * The largest eigenvalues of D^(−½) S D^(−½), falling, S = (Π + Πᵀ)/2 with its diagonal set to zero, D the sums of its
 * rows. The first is 1; as many are near 1 as there are groups that hardly touch. Where the eigenvalue after the K-th
 * comes near to the K-th, the clusters have begun to fall apart.
 *
 * @param Pi affinity, [n, n]
 * @param count eigenvalues to return, n at most
 */
export function affinitySpectrum(Pi: Tensor, count: number): number[] {
  return measured(() => {
    const wide = Pi.to("float64");
    const S = wide.add(wide.T).div(2);
    S.diagonal().fill_(0);
    const degrees = S.sum(1);
    const scale = degrees.rsqrt().where(degrees.gt(0), zeros([], { dtype: "float64", device: Pi.device }));
    const normalised = S.mul(scale.unsqueeze(0)).mul(scale.unsqueeze(1));
    const values = aten<Tensor>("linalg_eigvalsh", normalised).numbers();
    return values.reverse().slice(0, count);
  });
}

/** The share of a row's ℓ₁ mass that points of other classes have, mean over rows: Π [n, n], labels int64 [n] → 0 to 1. */
export const featureDetectionError = (Pi: Tensor, labels: Tensor): number =>
  measured(() => {
    const mass = Pi.abs();
    const inside = mass.mul(together(labels)).sum(1);
    return 1 - inside.div(mass.sum(1).clamp(1e-300)).mean().item();
  });

/** Edges of a point, mean over points: [n, n] → 0 to n. A membership by softmax has all n unless it is very cold. */
export const edgesPerRow = (Pi: Tensor): number =>
  measured(() => Pi.abs().gt(EDGE).to("float64").sum(1).mean().item());

/** The share of edges that join different classes: 0 to 1, 0 where there is no edge. */
export const wrongEdges = (Pi: Tensor, labels: Tensor): number =>
  measured(() => {
    const edges = Pi.abs().gt(EDGE);
    const wrong = edges.and(together(labels).not()).to("float64").sum().item();
    return wrong / Math.max(1, edges.to("float64").sum().item());
  });

/** @file Spectral clustering: k-means on the leading eigenvectors of a normalised affinity. */

import { noGrad, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { kMeans } from "./k-means.ts";
import { type Eigen, leadingEigen } from "./leading-eigen.ts";
import { checkClusters, checkFinite } from "./points.ts";

export interface SpectralOptions {
  /** K, 1 to n */
  clusters: number;
  random: Random;
  /** Restarts of k-means; 10 when left out. */
  restarts?: number;
}

/**
 * The leading eigenvectors of D^−½ A D^−½ = I − L, where L is the normalised Laplacian of the affinity.
 *
 * A is symmetrised, (A + Aᵀ)/2, and its diagonal counts as 0. An eigenvalue of 1 for each connected component comes
 * first; a point that has no affinity to others is a component. A gap behind the K-th value speaks for K clusters.
 *
 * @param affinity [n, n], not negative
 * @returns falling eigenvalues, float64 [count], and orthonormal columns, float64 [n, count]
 * @throws {UsageError} an affinity that is not square, finite and ≥ 0, count not 1 to n
 */
export function spectralEmbedding(
  affinity: Tensor,
  { count, random }: { count: number; random: Random },
): Eigen {
  checkAffinity(affinity);
  checkClusters("spectral embedding", count, affinity.size(0));
  return noGrad(() => scope(() => leadingEigen(normalised(affinity), count, random), "spectral embedding"));
}

/**
 * Clusters points by their affinities: the rows of the K leading eigenvectors, brought to length 1, by k-means.
 *
 * @param affinity [n, n], not negative; symmetrised as in `spectralEmbedding`
 * @returns cluster of each point, int64 [n]
 * @throws {UsageError} an affinity that is not square, finite and ≥ 0, clusters not 1 to n
 * @example const assigned = spectralClustering(Z.matmul(Z.T).abs(), { clusters: 10, random: random(1) });
 */
export function spectralClustering(affinity: Tensor, options: SpectralOptions): Tensor {
  const { clusters, random, restarts } = options;
  return scope(() => {
    const { vectors } = spectralEmbedding(affinity, { count: clusters, random: random.at("eigen") });
    return clusterRows(vectors, { clusters, random, ...(restarts === undefined ? {} : { restarts }) });
  }, "spectral clustering");
}

/** k-means on rows brought to length 1: for several clusterings of one embedding. */
export function clusterRows(vectors: Tensor, options: SpectralOptions): Tensor {
  return scope(() => {
    const rows = vectors.div(vectors.norm([1], true).clamp(1e-300));
    return kMeans(rows, { ...options, random: options.random.at("k-means") }).assigned;
  }, "cluster rows");
}

function checkAffinity(affinity: Tensor): void {
  if (affinity.dim !== 2 || affinity.size(0) !== affinity.size(1) || affinity.numel === 0)
    throw new UsageError(`spectral: expected a square affinity [n, n], got ${affinity.describe()}`);
  checkFinite("spectral", affinity);
  using least = affinity.min();
  if (least.item() < 0)
    throw new UsageError(
      `spectral: expected affinities from 0 on, got ${least.item()}; take their absolute values`,
    );
}

/** D^−½ A D^−½, float64; 1 on the diagonal of a point without affinities. */
function normalised(affinity: Tensor): Tensor {
  return scope(() => {
    const A = affinity.detach().to("float64");
    const N = A.add(A.T).div_(2);
    N.diagonal().fill_(0);
    const degrees = N.sum([1]);
    const alone = degrees.eq(0).to("float64");
    const scale = degrees.add(alone).rsqrt();
    N.mul_(scale).mul_(scale.unsqueeze(1)).diagonal().add_(alone);
    return N;
  }, "normalise");
}

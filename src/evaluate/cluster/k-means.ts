/** @file k-means: k-means++ and Lloyd's iterations, with all restarts in the same operators. */

import { noGrad, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { assign, descend } from "./lloyd.ts";
import { checkPoints } from "./points.ts";
import { seedCentres } from "./seeding.ts";

export interface KMeansOptions {
  /** K, 1 to n */
  clusters: number;
  random: Random;
  /** Starts, of which the one with the smallest inertia counts; 10 when left out. */
  restarts?: number;
  /** Most iterations of a restart; 300 when left out. */
  iterations?: number;
  /**
   * A restart also ends when Σ ‖step of a centre‖² is at most this share of the points' mean variance; 1e-4 when left
   * out, 0 to go on until no point changes its cluster.
   */
  tolerance?: number;
}

export interface KMeans {
  /** Cluster of each point, int64 [n], 0 ≤ cluster < K */
  assigned: Tensor;
  /** [K, d] */
  centres: Tensor;
  /** Σ ‖z − its centre‖² */
  inertia: number;
}

/**
 * Clusters points around K centres so that Σ ‖z − centre‖² is small: the best of several descents from greedy
 * k-means++ seeds, with scikit-learn's defaults. Points that coincide share a cluster, so that fewer than K are used
 * where fewer than K points are distinct; any other cluster that loses its last point goes on at the farthest point.
 *
 * @param Z points [n, d]; those of another type than float32 and float64 are taken as float32
 * @throws {UsageError} clusters not 1 to n, other options out of range, points not finite
 */
export function kMeans(Z: Tensor, options: KMeansOptions): KMeans {
  const { clusters, random, restarts = 10, iterations = 300, tolerance = 1e-4 } = options;
  checkPoints("k-means", Z, clusters);
  for (const [key, value] of Object.entries({ restarts, iterations }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new UsageError(`k-means: expected ${key} to be a whole number from 1 on, got ${value}`);
  if (!(tolerance >= 0)) throw new UsageError(`k-means: expected tolerance from 0 on, got ${tolerance}`);
  return noGrad(() =>
    scope(() => {
      const points = Z.detach().to(Z.dtype === "float64" ? "float64" : "float32");
      const mean = points.mean(0);
      const X = points.sub(mean); // distances lose fewer digits around 0
      const squares = X.square().sum([1]);
      const least = (tolerance * squares.sum().item()) / X.numel;
      const seeds = seedCentres(X, squares, clusters, restarts, random);
      const ends = descend(X, squares, seeds, { iterations, least }); //        [R, K, d]
      const { assigned, nearest } = assign(X, ends);
      const best = nearest.to("float64").sum([1]).argmin().item();
      const own = assigned.select(0, best);
      const centres = ends.select(0, best);
      const rest = X.sub(centres.indexSelect(0, own)).to("float64");
      return {
        assigned: own.clone(),
        centres: centres.add(mean),
        inertia: rest.square().sum().item(),
      };
    }, "k-means"),
  );
}

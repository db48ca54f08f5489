/** @file k-means: k-means++ and Lloyd's iterations, with all restarts in the same operators. */

import { type Group, noGrad, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { assign, descend } from "./lloyd.ts";
import { checkClusters, checkPoints } from "./points.ts";
import { placesOf, seedCentres } from "./seeding.ts";

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
  /**
   * Processes that have other points: the clusters are those of all. In each iteration a restart sends K d + K + 1 numbers, for
   * each seed d + 1 for each candidate and its distances.
   */
  across?: Group | undefined;
}

export interface KMeans {
  /** Cluster of each point that is here, int64 [n], 0 ≤ cluster < K */
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
  const { clusters, random, restarts = 10, iterations = 300, tolerance = 1e-4, across } = options;
  checkPoints("k-means", Z, across === undefined ? clusters : 1);
  for (const [key, value] of Object.entries({ restarts, iterations }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new UsageError(`k-means: expected ${key} to be a whole number from 1 on, got ${value}`);
  if (!(tolerance >= 0)) throw new UsageError(`k-means: expected tolerance from 0 on, got ${tolerance}`);
  return noGrad(() =>
    scope(() => {
      const points = Z.detach().to(Z.dtype === "float64" ? "float64" : "float32");
      const places = across && placesOf(across, Z.size(0));
      const n = places?.total ?? Z.size(0);
      checkClusters("k-means", clusters, n);
      const sum = (x: Tensor): Tensor => (across === undefined ? x : across.allReduce(x));
      const mean = across === undefined ? points.mean(0) : meanOf(points, n, across);
      const X = points.sub(mean); // distances lose fewer digits around 0
      const squares = X.square().sum([1]);
      const least = (tolerance * sum(squares.sum()).item()) / (n * Z.size(1));
      const seeds = seedCentres(X, squares, clusters, restarts, random, places);
      const ends = descend(X, squares, seeds, { iterations, least, across }); // [R, K, d]
      const { assigned, nearest } = assign(X, ends);
      const best = sum(nearest.to("float64").sum([1]))
        .argmin()
        .item();
      const own = assigned.select(0, best);
      const centres = ends.select(0, best);
      const rest = X.sub(centres.indexSelect(0, own)).to("float64");
      return {
        assigned: own.clone(),
        centres: centres.add(mean),
        inertia: sum(rest.square().sum()).item(),
      };
    }, "k-means"),
  );
}

/** Mean of the points on all ranks, [d]. */
const meanOf = (points: Tensor, n: number, across: Group): Tensor =>
  across
    .allReduce(points.to("float64").sum([0]))
    .div(n)
    .to(points.dtype);

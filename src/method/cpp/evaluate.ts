/** @file How well a head clusters: spectral clusters of its memberships against labels, and what the memberships are like. */

import {
  affinitySpectrum,
  edgesPerRow,
  featureDetectionError,
  wrongEdges,
} from "../../evaluate/cluster/index.ts";
import { checkClusters, checkFeatureSet, rowsOf } from "../../evaluate/feature-set.ts";
import { ari, clusteringAccuracy, nmi } from "../../evaluate/metrics/index.ts";
import { numericalRank } from "../../evaluate/numerical-rank.ts";
import type { CppHead } from "../../model/index.ts";
import { membership, type SinkhornOptions, symmetrised } from "../../rate/index.ts";
import { noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { headFeatures } from "./head-features.ts";

/** Splits the points of a symmetric affinity [n, n]: int64 [n]. */
export type ClusterAffinity = (affinity: Tensor, options: { clusters: number; random: Random }) => Tensor;

export interface CppEvaluateOptions extends SinkhornOptions {
  /** [n, d] */
  features: Tensor;
  /** int64 [n]; without them only what needs none is measured. */
  labels?: Tensor;
  /** K */
  clusters: number;
  cluster: ClusterAffinity;
  random: Random;
  /** Points drawn from the features, always the same ones; at most 1000 unless given. Time grows with their cube. */
  points?: number;
  /** Clusterings whose scores are averaged; 1 unless given. The authors take 10. */
  repeats?: number;
}

export interface CppEvaluation {
  /** Against labels, 0 to 1, means over the repeats; undefined without labels. */
  agreement?: {
    accuracy: number;
    nmi: number;
    ari: number;
    featureDetectionError: number;
    wrongEdges: number;
  };
  /** The largest 2K eigenvalues of the normalised memberships, falling. */
  eigenvalues: number[];
  edgesPerRow: number;
  /** Numerical rank of the features Z, 95 % of the energy. */
  rank: number;
  /** Rows of the features that were looked at, and the cluster of each in the last repeat. */
  indices: Int32Array;
  assigned: Int32Array;
}

/**
 * Clusters some of the features by their memberships Π and measures both. In evaluation mode; the mode is put back.
 * @throws {DataError} features that are not finite, other labels than features
 * @throws {UsageError} fewer points than clusters
 */
export function evaluateCpp(head: CppHead, options: CppEvaluateOptions): CppEvaluation {
  const { features, labels, clusters, cluster, random, repeats = 1 } = options;
  checkFeatureSet(features, labels);
  const count = features.size(0);
  const points = Math.min(options.points ?? 1000, count);
  checkClusters(clusters, points);
  return noGrad(() =>
    scope(() => {
      const order = random.at("evaluate.points").permutation(count).data();
      const indices = Int32Array.from(order.subarray(0, points) as BigInt64Array, Number);
      const { Z, C } = headFeatures(head, rowsOf(features, indices).to(head.parameters()[0]!.device));
      const Pi = membership(C, options); //                                     [points, points]
      const affinity = symmetrised(Pi);
      const own = labels && rowsOf(labels, indices).to(Pi.device);
      const runs = Array.from({ length: repeats }, (_, i) =>
        cluster(affinity, { clusters, random: random.at(`evaluate.repeat.${i}`) }).numbers(),
      );
      const found: CppEvaluation = {
        eigenvalues: affinitySpectrum(Pi, Math.min(2 * clusters, points)),
        edgesPerRow: edgesPerRow(Pi),
        rank: numericalRank(Z),
        indices,
        assigned: Int32Array.from(runs.at(-1)!),
      };
      return own === undefined ? found : { ...found, agreement: agreement(own, runs, Pi) };
    }, "evaluate cpp"),
  );
}

function agreement(labels: Tensor, runs: readonly number[][], Pi: Tensor) {
  const truth = labels.numbers();
  const mean = (score: typeof nmi) =>
    runs.reduce((sum, assigned) => sum + score(truth, assigned), 0) / runs.length;
  return {
    accuracy: mean(clusteringAccuracy),
    nmi: mean(nmi),
    ari: mean(ari),
    featureDetectionError: featureDetectionError(Pi, labels),
    wrongEdges: wrongEdges(Pi, labels),
  };
}

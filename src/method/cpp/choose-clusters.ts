/** @file The number of clusters by coding length: the segmentation that takes the fewest nats. */

import { checkClusters, checkFeatureSet } from "../../evaluate/feature-set.ts";
import { codingLength, type RateOptions, symmetrised } from "../../rate/index.ts";
import { noGrad, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import type { ClusterAffinity } from "./evaluate.ts";

/** The numbers of clusters that the authors try. */
export const CLUSTER_COUNTS = [5, 8, 9, 10, 15, 20, 30, 50] as const;

export interface ChooseClustersOptions extends RateOptions {
  cluster: ClusterAffinity;
  random: Random;
  /** Numbers of clusters to try; `CLUSTER_COUNTS` unless given. */
  counts?: readonly number[];
}

export interface ClusterChoice {
  /** The number whose segmentation is coded in the fewest nats. */
  clusters: number;
  /** Its segments, int64 [n]. */
  assigned: Tensor;
  /** L(K) in nats for every number tried, in their order. */
  lengths: { clusters: number; length: number }[];
}

/**
 * Clusters the points into K groups for each K and takes the K with the smallest coding length L(K), the smaller K
 * where two are equal. K is a property of ε as much as of the data: segments finer than ε are not worth a label.
 *
 * @param Z features, [n, d], rows of length 1
 * @param Pi their memberships, [n, n]; symmetrised first
 * @param options ε √0.1 unless given
 * @throws {UsageError} nothing to try, a number that is not 1 to n
 * @see Chu et al. 2024, the number of clusters
 */
export function chooseClusters(Z: Tensor, Pi: Tensor, options: ChooseClustersOptions): ClusterChoice {
  const { cluster, random, counts = CLUSTER_COUNTS, ...rate } = options;
  checkFeatureSet(Z);
  if (counts.length === 0) throw new UsageError("clusters: expected a number of clusters to try, got none");
  for (const clusters of counts) checkClusters(clusters, Z.size(0));
  return noGrad(() =>
    scope(() => {
      const affinity = symmetrised(Pi);
      const tried = counts.map((clusters) => {
        const assigned = cluster(affinity, { clusters, random: random.at(`clusters.${clusters}`) });
        return { clusters, assigned, length: codingLength(Z, assigned, clusters, rate).item() };
      });
      const order = [...tried].sort((a, b) => a.length - b.length || a.clusters - b.clusters);
      const { clusters, assigned } = order[0]!;
      return { clusters, assigned, lengths: tried.map(({ clusters, length }) => ({ clusters, length })) };
    }, "choose clusters"),
  );
}

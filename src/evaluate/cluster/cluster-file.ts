/** @file Clusters of the points of a features file, by the method that is asked for. */

import { readFeatures } from "../../data/index.ts";
import { aten, noGrad, type Random, random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { checkClusters } from "../feature-set.ts";
import { ari, clusteringAccuracy, nmi } from "../metrics/index.ts";
import { ensc, kMeans, spectralClustering } from "./index.ts";
import { nameClusters } from "./name-clusters.ts";

export type ClusterMethod = "k-means" | "spectral" | "ensc";

export interface ClusterFileOptions {
  method: ClusterMethod;
  clusters: number;
  seed: number;
  /** Names of the arrays in the file; found when not given. */
  features?: string;
  labels?: string;
  /** Points that spectral methods take at once; the others join the nearest of their clusters. */
  points: number;
  /** Features of texts, in the space of the features, with the names they are of. */
  texts?: string;
}

export interface ClusteredFile {
  /** Cluster of each row. */
  assigned: number[];
  /** Names of the rows, where the file has them. */
  names?: readonly string[];
  clusters: { cluster: number; points: number; name?: string }[];
  /** Against the labels of the file, where it has them: 0 to 1. */
  agreement?: { accuracy: number; nmi: number; ari: number };
}

/**
 * @throws {DataError} a file that is not there or damaged, features that are not finite
 * @throws {UsageError} more clusters than points
 */
export async function clusterFile(path: string, options: ClusterFileOptions): Promise<ClusteredFile> {
  const { method, clusters, seed, features, labels: labelKey, texts } = options;
  const keys = { ...(features && { features }), ...(labelKey && { labels: labelKey }) };
  const read = await readFeatures(path, keys);
  using X = read.features;
  checkClusters(clusters, X.size(0));
  const draws = random(seed).at("cluster");
  using found =
    method === "k-means"
      ? scope(() => kMeans(X, { clusters, random: draws }).assigned)
      : bySubset(X, options, draws);
  const assigned = found.numbers();
  const names = texts === undefined ? [] : await namesOf(X, found, texts);
  const result: ClusteredFile = {
    assigned,
    ...(read.names && { names: read.names }),
    clusters: Array.from({ length: clusters }, (_, cluster) => ({
      cluster,
      points: assigned.filter((value) => value === cluster).length,
      ...(names[cluster] !== undefined && { name: names[cluster] }),
    })),
  };
  if (read.labels === undefined) return result;
  const truth = Array.from(read.labels);
  const scores = {
    accuracy: clusteringAccuracy(truth, assigned),
    nmi: nmi(truth, assigned),
    ari: ari(truth, assigned),
  };
  return { ...result, agreement: scores };
}

/** Clusters some points by an affinity, and gives every other point the cluster of its nearest by cosine. */
function bySubset(X: Tensor, { method, clusters, points }: ClusterFileOptions, draws: Random): Tensor {
  return noGrad(() =>
    scope(() => {
      const n = X.size(0);
      const unit = X.div(X.norm([1], true).clamp(1e-12)); //                    [n, d]
      if (points < clusters)
        throw new UsageError(`--points: expected at least ${clusters} clusters' worth, got ${points}`);
      const chosen = n <= points ? undefined : draws.at("points").permutation(n).narrow(0, 0, points);
      const some = chosen === undefined ? unit : unit.indexSelect(0, chosen);
      const found =
        method === "ensc"
          ? ensc(some, { clusters, random: draws })
          : spectralClustering(some.matmul(some.T).clamp(0), { clusters, random: draws });
      if (chosen === undefined) return found;
      const nearest = aten<Tensor>("argmax", unit.matmul(some.T), 1);
      return found.indexSelect(0, nearest);
    }, "cluster file"),
  );
}

async function namesOf(images: Tensor, assigned: Tensor, path: string): Promise<(string | undefined)[]> {
  const { features, names } = await readFeatures(path);
  using texts = features;
  if (names === undefined)
    throw new UsageError(`${path}: expected names beside the features of texts, found none`, { path });
  return nameClusters({ assigned, images, texts, names }).map(({ name }) => name);
}

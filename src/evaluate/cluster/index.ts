/** @file Clustering of features. */

export {
  type EnscOptions,
  ensc,
  type RepresentationOptions,
  representationAffinity,
  selfRepresentation,
} from "./ensc.ts";
export { type KMeans, type KMeansOptions, kMeans } from "./k-means.ts";
export type { Eigen } from "./leading-eigen.ts";
export { clusterRows, type SpectralOptions, spectralClustering, spectralEmbedding } from "./spectral.ts";

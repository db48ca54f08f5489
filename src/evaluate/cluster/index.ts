/** @file Clustering of features. */

export {
  affinitySpectrum,
  edgesPerRow,
  featureDetectionError,
  wrongEdges,
} from "./affinity-measures.ts";
export {
  type EnscOptions,
  ensc,
  type RepresentationOptions,
  representationAffinity,
  selfRepresentation,
} from "./ensc.ts";
export { type KMeans, type KMeansOptions, kMeans } from "./k-means.ts";
export type { Eigen } from "./leading-eigen.ts";
export { mergeSegments, type Segmentation } from "./merge-segments.ts";
export {
  candidateNames,
  type NamedCluster,
  type NamingInputs,
  type NamingOptions,
  nameClusters,
  searchImages,
} from "./name-clusters.ts";
export { clusterRows, type SpectralOptions, spectralClustering, spectralEmbedding } from "./spectral.ts";

/** @file Clustering by rate reduction: CPP on fixed features, and what MLC and NMCE start from. */

export {
  affinitySpectrum,
  edgesPerRow,
  featureDetectionError,
  numericalRank,
  wrongEdges,
} from "../../evaluate/cluster/affinity-measures.ts";
export { mergeSegments, type Segmentation } from "../../evaluate/cluster/merge-segments.ts";
export {
  candidateNames,
  type NamedCluster,
  type NamingInputs,
  type NamingOptions,
  nameClusters,
  searchImages,
} from "../../evaluate/cluster/name-clusters.ts";
export {
  checkFeatureSet,
  type FeatureBatch,
  featureBatches,
  headFeatures,
  rowsOf,
} from "../../evaluate/feature-set.ts";
export {
  type ChooseClustersOptions,
  CLUSTER_COUNTS,
  type ClusterChoice,
  chooseClusters,
} from "./choose-clusters.ts";
export { type CurvedOptions, curvedManifolds } from "./curved-manifolds.ts";
export {
  type ClusterAffinity,
  type CppEvaluateOptions,
  type CppEvaluation,
  evaluateCpp,
} from "./evaluate.ts";
export { CppLearner, type CppLearnerOptions } from "./learner.ts";

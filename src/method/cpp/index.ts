/** @file Clustering by rate reduction: CPP on fixed features, and what MLC and NMCE start from. */

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
export { headFeatures } from "./head-features.ts";
export { CppLearner, type CppLearnerOptions } from "./learner.ts";

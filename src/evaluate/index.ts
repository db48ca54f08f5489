/** @file What features, clusters, segments and pictures are worth. */

export {
  accuracy,
  type Classifier,
  knn,
  type LarsOptions,
  type LinearSvm,
  type LinearSvmOptions,
  larsProbe,
  leastSquares,
  linearSvm,
  type NearestSubspaceOptions,
  nearestSubspace,
  type SubspaceClassifier,
} from "./classify/index.ts";
export {
  affinitySpectrum,
  edgesPerRow,
  featureDetectionError,
  numericalRank,
  wrongEdges,
} from "./cluster/affinity-measures.ts";
export {
  clusterRows,
  type Eigen,
  type EnscOptions,
  ensc,
  type KMeans,
  type KMeansOptions,
  kMeans,
  type RepresentationOptions,
  representationAffinity,
  type SpectralOptions,
  selfRepresentation,
  spectralClustering,
  spectralEmbedding,
} from "./cluster/index.ts";
export { mergeSegments, type Segmentation } from "./cluster/merge-segments.ts";
export {
  candidateNames,
  type NamedCluster,
  type NamingInputs,
  type NamingOptions,
  nameClusters,
  searchImages,
} from "./cluster/name-clusters.ts";
export {
  checkFeatureSet,
  type FeatureBatch,
  featureBatches,
  rowsOf,
} from "./feature-set.ts";
export {
  type ActivationOptions,
  activations,
  ari,
  assignment,
  clusteringAccuracy,
  frechetDistance,
  INCEPTION,
  inceptionScore,
  nmi,
} from "./metrics/index.ts";
export {
  type AveragePrecision,
  averagePrecision,
  bestHeadIou,
  boxOf,
  codeColours,
  components,
  enlarge,
  fillHoles,
  type Judged,
  judge,
  type Look,
  look,
  type Mask,
  maskCut,
  maskIou,
  normalisedCut,
  paperColours,
  patchAffinity,
  readCoco,
  readMasks,
  tokenCut,
} from "./segment/index.ts";
export { evaluateEncoder } from "./subspace-accuracy.ts";

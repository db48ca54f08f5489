/** @file Classifiers on features. */

export { accuracy, type Classifier } from "./classifier.ts";
export { knn } from "./knn.ts";
export { type LarsOptions, larsProbe } from "./lars-head.ts";
export { leastSquares } from "./least-squares.ts";
export { type LinearSvm, type LinearSvmOptions, linearSvm } from "./linear-svm.ts";
export { type NearestSubspaceOptions, nearestSubspace, type SubspaceClassifier } from "./nearest-subspace.ts";

/** @file Measures of clusterings and of generated images, and intervals of any measure. */

export { type ActivationOptions, activations, INCEPTION } from "./activations.ts";
export { assignment } from "./assignment.ts";
export { type BootstrapOptions, bootstrap, type Interval, meanAt } from "./bootstrap.ts";
export { ari, clusteringAccuracy, nmi } from "./clustering-accuracy.ts";
export { frechetDistance, inceptionScore, squareRoot } from "./frechet.ts";

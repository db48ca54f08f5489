/** @file Measures of clusterings. */

export { type ActivationOptions, activations, INCEPTION } from "./activations.ts";
export { assignment } from "./assignment.ts";
export { ari, clusteringAccuracy, nmi } from "./clustering-accuracy.ts";
export { frechetDistance, inceptionScore, squareRoot } from "./frechet.ts";

/** @file Clustering of features. */

export { type KMeans, type KMeansOptions, kMeans } from "./k-means.ts";
